//! The icon of a site whose pages declare none.

use reqwest::header::CONTENT_TYPE;
use url::Url;

use super::visit::{Purpose, Visit};

/// As much of an icon as is read: its beginning tells what it is, and most are no longer.
const MAX_ICON_BYTES: usize = 64 << 10;

/// The beginnings of the image formats that browsers show as icons.
const IMAGE_MAGIC: &[&[u8]] =
    &[&[0, 0, 1, 0], &[0, 0, 2, 0], b"\x89PNG\r\n\x1a\n", b"GIF8", b"\xff\xd8\xff", b"BM", b"<svg"];

/// The address of `/favicon.ico`, when an image answers there.
pub(super) async fn find(visit: &mut Visit<'_>, page: &Url) -> Option<Url> {
    let mut answer = visit.get(&page.join("/favicon.ico").ok()?, Purpose::Image).await.ok()?;
    if answer.status() != 200 {
        return None;
    }
    let is_declared =
        answer.text_header(CONTENT_TYPE).is_some_and(|value| value.trim_start().starts_with("image/"));
    let bytes = answer.body(MAX_ICON_BYTES).await.ok()?.bytes;
    let is_image = IMAGE_MAGIC.iter().any(|magic| bytes.starts_with(magic))
        || (is_declared && bytes.starts_with(b"RIFF"))
        || (is_declared && bytes.starts_with(b"<?xml"));
    is_image.then_some(answer.url)
}
