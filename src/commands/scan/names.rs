//! Names from the command line, a file or the standard input, one after the other.

use std::{collections::VecDeque, io, path::Path};

use tokio::{
    fs::File,
    io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, BufReader},
};

use crate::model::DomainName;

/// As much of a line as is kept: a longer one is no name, and is rejected for its length.
const MAX_LINE_BYTES: usize = DomainName::MAX_INPUT_BYTES + 1;

/// Where names come from. They are read when they are wanted, so that a list of any length needs no memory.
pub(super) struct NameSource {
    given: VecDeque<String>,
    lines: Option<Lines>,
    total: Option<u64>,
}

struct Lines {
    input: Box<dyn AsyncBufRead + Send + Unpin>,
    /// The beginning of a line whose end has not come yet.
    line: Vec<u8>,
}

impl NameSource {
    /// Names of the command line first, then those of the file or, where `-` is among the names, of the standard input.
    pub(super) async fn open(names: &[String], file: Option<&Path>) -> io::Result<Self> {
        let given: VecDeque<String> = names.iter().filter(|name| *name != "-").cloned().collect();
        let reads_stdin = names.iter().any(|name| name == "-") || file == Some(Path::new("-"));
        let mut total = Some(given.len() as u64);
        let lines = match file.filter(|file| *file != Path::new("-")) {
            Some(file) => {
                total = count_lines(file).await?.map(|lines| lines + given.len() as u64);
                Some(Lines::new(BufReader::new(File::open(file).await?)))
            }
            None if reads_stdin => {
                total = None;
                Some(Lines::new(BufReader::new(tokio::io::stdin())))
            }
            None => None,
        };
        Ok(Self { given, lines, total })
    }

    /// How many names there are, where that is known.
    pub(super) fn total(&self) -> Option<u64> {
        self.total
    }

    /// The next name. It may be given up while it waits: nothing is lost.
    pub(super) async fn next(&mut self) -> io::Result<Option<String>> {
        if let Some(name) = self.given.pop_front() {
            return Ok(Some(name));
        }
        let Some(lines) = &mut self.lines else { return Ok(None) };
        while let Some(line) = lines.next().await? {
            let line = line.trim_start_matches('\u{feff}').trim();
            if !line.is_empty() && !line.starts_with('#') {
                return Ok(Some(line.to_owned()));
            }
        }
        Ok(None)
    }
}

impl Lines {
    fn new(input: impl AsyncBufRead + Send + Unpin + 'static) -> Self {
        Self { input: Box::new(input), line: Vec::new() }
    }

    async fn next(&mut self) -> io::Result<Option<String>> {
        loop {
            let piece = self.input.fill_buf().await?;
            if piece.is_empty() {
                let line = std::mem::take(&mut self.line);
                return Ok((!line.is_empty()).then(|| text(&line)));
            }
            let end = memchr::memchr(b'\n', piece);
            let part = &piece[..end.unwrap_or(piece.len())];
            let room = MAX_LINE_BYTES.saturating_sub(self.line.len());
            self.line.extend_from_slice(&part[..part.len().min(room)]);
            let taken = end.map_or(piece.len(), |end| end + 1);
            self.input.consume(taken);
            if end.is_some() {
                return Ok(Some(text(&std::mem::take(&mut self.line))));
            }
        }
    }
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).into_owned()
}

/// How many lines of a regular file hold names; what is no such file can be read only once.
async fn count_lines(file: &Path) -> io::Result<Option<u64>> {
    if !tokio::fs::metadata(file).await?.is_file() {
        return Ok(None);
    }
    let mut file = File::open(file).await?;
    let mut piece = vec![0; 64 << 10];
    let (mut lines, mut last) = (0, b'\n');
    loop {
        let count = file.read(&mut piece).await?;
        if count == 0 {
            return Ok(Some(lines + u64::from(last != b'\n')));
        }
        lines += memchr::memchr_iter(b'\n', &piece[..count]).count() as u64;
        last = piece[count - 1];
    }
}
