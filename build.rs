//! Puts the GraphiQL page into the binary, so that it needs no other host.
//!
//! The environment variable `GRAPHIQL` says how:
//!
//! - `auto`, the default: the bundle in `web/graphiql/dist` when it was built there. Otherwise a release build makes one with
//!   npm, in its own output folder, about a minute once; where that fails, and in every debug build, a small page that needs
//!   no npm and says how to get the other.
//! - `off`: the small page. Nothing but cargo touches the network.
//! - `require`: the bundle, in any profile; a build that cannot have it fails.

use std::error::Error;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What a bundle is made of, below `web/graphiql`.
const SOURCES: [&str; 9] = [
    "package.json",
    "package-lock.json",
    "build.mjs",
    "index.html",
    "src/main.js",
    "src/session.js",
    "src/storage.js",
    "src/welcome.js",
    "src/workers.js",
];

/// The page for a build without a bundle, by the names it is served under.
const FALLBACK: [(&str, &str); 2] = [("index.html", "fallback.html"), ("fallback.js", "fallback.js")];

/// The oldest Node.js that bundles; esbuild asks for it.
const OLDEST_NODE: u32 = 18;

/// Up to this size a file is embedded as it is: compressing it saves nothing, and curl can read it.
const SMALL: usize = 4096;

fn main() -> Result<()> {
    let web = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("web/graphiql");
    let out = PathBuf::from(variable("OUT_DIR")?);
    watch(&web);
    let assets = match bundle(&web, &out)? {
        Some(dist) => bundled_assets(&dist)?,
        None => fallback_assets(&web)?,
    };
    let code = format!("static ASSETS: &[Asset] = &[\n{assets}];\n");
    fs::write(out.join("graphiql_assets.rs"), code)?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "cargo talks to a build script through its environment")]
fn variable(name: &str) -> Result<String> {
    std::env::var(name).map_err(|error| format!("{name}: {error}").into())
}

fn watch(web: &Path) {
    let fallback = FALLBACK.iter().map(|(_, file)| *file);
    for file in SOURCES.into_iter().chain(fallback).chain(["dist"]) {
        println!("cargo::rerun-if-changed={}", web.join(file).display());
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=GRAPHIQL");
}

/// The folder of a finished bundle, or `None` where the small page will do.
fn bundle(web: &Path, out: &Path) -> Result<Option<PathBuf>> {
    let dist = web.join("dist");
    let release = variable("PROFILE")? == "release";
    match variable("GRAPHIQL").as_deref().unwrap_or("auto") {
        "auto" | "require" if is_complete(&dist) => Ok(Some(dist)),
        "require" => npm(web, out).map(Some),
        "auto" if release => Ok(npm(web, out).inspect_err(|error| warn(error.as_ref())).ok()),
        "off" | "auto" => Ok(None),
        other => Err(format!("GRAPHIQL={other}: it is auto, off or require").into()),
    }
}

fn is_complete(dist: &Path) -> bool {
    ["index.html", "main.js.br", "main.js.gz"].iter().all(|file| dist.join(file).is_file())
}

fn warn(error: &dyn Error) {
    // A PATH that has npm by now is worth another try; one that works should not be watched.
    println!("cargo::rerun-if-env-changed=PATH");
    println!("cargo::warning=GraphiQL is not bundled, a small page stands in: {error}");
    println!("cargo::warning=GRAPHIQL=require tries again, GRAPHIQL=off is silent");
}

/// Runs npm and the bundler in the output folder: the source tree stays as it is. A bundle of the same sources is kept.
fn npm(web: &Path, out: &Path) -> Result<PathBuf> {
    let work = out.join("graphiql-work");
    let dist = out.join("graphiql-dist");
    let stamp = dist.join("sources");
    let sources = hash_of(SOURCES.map(|file| web.join(file)))?;
    if is_complete(&dist) && fs::read_to_string(&stamp).is_ok_and(|made_of| made_of == sources) {
        return Ok(dist);
    }
    check_node()?;
    remove(&work)?;
    remove(&dist)?;
    copy_sources(web, &work)?;
    let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
    run(Command::new("npm").args(install).current_dir(&work))?;
    run(Command::new("node").arg("build.mjs").arg(&dist).current_dir(&work))?;
    remove(&work)?;
    if !is_complete(&dist) {
        return Err("the bundle is incomplete".into());
    }
    fs::write(stamp, sources)?;
    Ok(dist)
}

fn check_node() -> Result<()> {
    let version = run(Command::new("node").arg("--version"))?;
    let major = version.trim().trim_start_matches('v').split('.').next();
    match major.and_then(|major| major.parse::<u32>().ok()) {
        Some(major) if major >= OLDEST_NODE => Ok(()),
        _ => Err(format!("Node.js {OLDEST_NODE} or newer is needed, found {}", version.trim()).into()),
    }
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(())
}

fn copy_sources(web: &Path, work: &Path) -> Result<()> {
    fs::create_dir_all(work.join("src"))?;
    for file in SOURCES {
        fs::copy(web.join(file), work.join(file)).map_err(|error| format!("{file}: {error}"))?;
    }
    Ok(())
}

/// Runs a program to its end; a failure says what it wrote about it.
fn run(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{program} does not run ({error})"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let errors: Vec<&str> = stderr.lines().filter(|line| is_error(line)).take(3).collect();
    Err(format!("{program} failed ({}): {}", output.status, errors.join(" | ")).into())
}

fn is_error(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    line.contains("err")
}

/// The files of a bundle, each in the encodings that a client may ask for, the smallest first.
fn bundled_assets(dist: &Path) -> Result<String> {
    let mut names = file_names(dist)?;
    names.retain(|name| dist.join(format!("{name}.br")).is_file());
    names.sort();
    names.iter().map(|name| bundled_asset(dist, name)).collect()
}

fn bundled_asset(dist: &Path, name: &str) -> Result<String> {
    let plain = dist.join(name);
    if fs::read(&plain)?.len() <= SMALL {
        return Ok(asset(name, &variant("identity", &plain)?));
    }
    let brotli = variant("br", &dist.join(format!("{name}.br")))?;
    let gzip = variant("gzip", &dist.join(format!("{name}.gz")))?;
    Ok(asset(name, &format!("{brotli}, {gzip}")))
}

fn fallback_assets(web: &Path) -> Result<String> {
    FALLBACK.iter().map(|(name, file)| Ok(asset(name, &variant("identity", &web.join(file))?))).collect()
}

fn file_names(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.extend(entry?.file_name().into_string().ok());
    }
    Ok(names)
}

fn asset(name: &str, variants: &str) -> String {
    format!("    Asset {{ name: {name:?}, variants: &[{variants}] }},\n")
}

fn variant(encoding: &str, file: &Path) -> Result<String> {
    let etag = format!("\"{}\"", hash_of([file])?);
    let file = file.to_str().ok_or("the path of the build is not Unicode")?;
    Ok(format!("Variant {{ encoding: {encoding:?}, etag: {etag:?}, bytes: include_bytes!({file:?}) }}"))
}

fn hash_of<P: AsRef<Path>>(files: impl IntoIterator<Item = P>) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for file in files {
        let file = file.as_ref();
        let bytes = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        bytes.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}
