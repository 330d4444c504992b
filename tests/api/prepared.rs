//! How many statements a connection keeps prepared.

use diesel::sql_types::{BigInt, Integer};
use diesel_async::RunQueryDsl as _;
use skypanel::db::statement::Statement;
use skypanel::db::unit::Unit;

use crate::harness::App;

/// More texts than are kept, one of them again and again.
#[tokio::test]
async fn of_too_many_statements_the_one_unused_for_longest_is_closed() {
    let app = App::demo().await;
    let unit = Unit::worker(&app.pool).await.unwrap();
    let mut connection = unit.conn();
    let ask = |number: i32| Statement::<Integer>::new(format!("SELECT {number}").leak(), vec![]);
    for number in 1..=700 {
        assert_eq!(ask(number).get_result::<i32>(&mut connection).await.unwrap(), number);
        assert_eq!(ask(1).get_result::<i32>(&mut connection).await.unwrap(), 1);
    }
    let count = "SELECT count(*) FROM pg_prepared_statements WHERE statement ~ '^SELECT [0-9]+$' AND ";
    let mut kept = async |which: &str| {
        Statement::<BigInt>::new(format!("{count}{which}").leak(), vec![])
            .get_result::<i64>(&mut connection)
            .await
            .unwrap()
    };
    assert_eq!(kept("true").await, 499, "and the one that counts them");
    assert_eq!(kept("statement = 'SELECT 2'").await, 0);
    assert_eq!(kept("statement IN ('SELECT 1', 'SELECT 700', 'SELECT 300')").await, 3);
    assert_eq!(unit.prepared(), 700 + 3);
}
