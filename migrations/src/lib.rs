//! The database schema of ScraperSky, up and down, on SQLite and PostgreSQL.
