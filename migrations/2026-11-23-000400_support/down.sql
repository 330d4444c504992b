DROP TABLE ticket_messages, tickets;
