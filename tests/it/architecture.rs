//! Who may import whom: the rooms of the house and the doors between them.

use std::{collections::BTreeSet, fs, path::Path};

/// Every room with the rooms it may import, beside `model`, `config`, `clock`, `metrics` and `spans`, which are open to all.
const DOORS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("config", &[]),
    ("clock", &[]),
    ("metrics", &[]),
    ("spans", &[]),
    ("store", &[]),
    ("scanner", &[]),
    ("progress", &[]),
    ("demo", &[]),
    ("telemetry", &[]),
    ("queue", &["store"]),
    ("service", &["store", "queue", "progress"]),
    ("worker", &["scanner", "store", "queue", "progress"]),
    ("graphql", &["service", "progress", "store"]),
    ("app", &["progress", "queue", "service", "store"]),
    ("http", &["graphql", "service", "app"]),
    ("server", &["app", "demo", "graphql", "http", "scanner", "service", "store", "worker"]),
    ("commands", &["app", "demo", "graphql", "http", "scanner", "server", "store", "telemetry", "worker"]),
];

const OPEN_TO_ALL: &[&str] = &["model", "config", "clock", "metrics", "spans"];

/// Crates that only some rooms may name.
const CRATES: &[(&str, &[&str])] = &[
    ("async_graphql", &["graphql", "http"]),
    ("sea_orm", &["store"]),
    ("reqwest", &["scanner", "telemetry"]),
    ("axum", &["http", "demo"]),
];

fn sources(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
    found
}

/// The code of a file without its comments, and without its tests, which stand at its end.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The rooms that the code names: `crate::room`, or several in braces.
fn imported(code: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        match rest.strip_prefix('{') {
            Some(list) => rooms.extend(first_words_of_list(list)),
            None => rooms.extend(first_word(rest)),
        }
    }
    rooms
}

fn first_word(text: &str) -> Option<String> {
    let word: String = text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!word.is_empty()).then_some(word)
}

fn first_words_of_list(list: &str) -> Vec<String> {
    let (mut depth, mut words, mut at_start) = (0_u32, Vec::new(), true);
    for (at, c) in list.char_indices() {
        if at_start && depth == 0 && !c.is_whitespace() && c != '}' {
            words.extend(first_word(&list[at..]));
            at_start = false;
        }
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return words,
            '}' => depth -= 1,
            ',' if depth == 0 => at_start = true,
            _ => {}
        }
    }
    words
}

fn room_of(path: &Path) -> String {
    let inside = path.strip_prefix("src").unwrap();
    let first = inside.iter().next().unwrap().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn rooms_import_only_through_their_doors() {
    let rooms: BTreeSet<&str> = DOORS.iter().map(|(room, _)| *room).collect();
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for path in sources(Path::new("src")) {
        let room = room_of(&path);
        if matches!(room.as_str(), "main" | "lib") {
            continue;
        }
        let Some((_, doors)) = DOORS.iter().find(|(name, _)| *name == room) else {
            faults.push(format!("{} is in the unknown room `{room}`", path.display()));
            continue;
        };
        for import in imported(&code(&path)) {
            let is_allowed =
                import == room || OPEN_TO_ALL.contains(&import.as_str()) || doors.contains(&import.as_str());
            if rooms.contains(import.as_str()) && !is_allowed {
                faults.push(format!("{} imports `{import}`", path.display()));
            }
        }
        seen.insert(room);
    }
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(seen.len() > 10, "the sources were read: {seen:?}");
}

#[test]
fn each_library_stays_in_its_room() {
    let mut faults = Vec::new();
    for path in sources(Path::new("src")) {
        let (room, code) = (room_of(&path), code(&path));
        for (library, rooms) in CRATES {
            if code.contains(&format!("{library}::")) && !rooms.contains(&room.as_str()) {
                faults.push(format!("{} names `{library}`", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// With a word boundary of Unicode, a text that is not all ASCII takes the slow way through the regex engine: one such
/// expression once doubled the cost of a scan.
#[test]
fn expressions_use_the_word_boundaries_of_ascii() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = 0;
    for path in sources(&root.join("src")) {
        let code = code(&path);
        if !code.contains("Regex::new(") {
            continue;
        }
        files += 1;
        let left = code.replace(r"(?-u:\b)", "").replace(r"(?-u:\B)", "").replace(r"b'\b'", "");
        let line = left.lines().find(|line| line.contains(r"\b") || line.contains(r"\B"));
        assert_eq!(line, None, "in {}: write (?-u:\\b)", path.display());
    }
    assert!(files >= 3, "{files}");
}

#[test]
fn the_reader_of_imports_sees_what_it_should() {
    let code = "use crate::{\n    model::{A, B},\n    store::C,\n};\nfn f() { crate::graphql::g() }\nuse migrate::x;";
    assert_eq!(imported(code).into_iter().collect::<Vec<_>>(), ["graphql", "model", "store"]);
}
