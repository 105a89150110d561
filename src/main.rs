//! The command line of ScraperSky.

fn main() {}
