//! Icons and logos, drawn in one colour.

use std::io::Write;

use flate2::{Compression, Crc, write::ZlibEncoder};

/// The side of an icon in pixels.
const SIDE: u32 = 32;

/// A colour as CSS writes it, `#rrggbb`; black when it is none.
fn rgb(color: &str) -> [u8; 3] {
    let number = u32::from_str_radix(color.trim_start_matches('#'), 16).unwrap_or_default();
    let [_, red, green, blue] = number.to_be_bytes();
    [red, green, blue]
}

/// A square as PNG (RFC 2083).
pub(super) fn png(color: &str) -> std::io::Result<Vec<u8>> {
    // Each row begins with its filter, which is none.
    let row: Vec<u8> = std::iter::once(0).chain((0..SIDE).flat_map(|_| rgb(color))).collect();
    let rows = row.repeat(SIDE as usize);
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&rows)?;
    let mut header = Vec::new();
    header.extend(SIDE.to_be_bytes());
    header.extend(SIDE.to_be_bytes());
    // Eight bits for each of three colours, no interlacing.
    header.extend([8, 2, 0, 0, 0]);
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut out, *b"IHDR", &header);
    chunk(&mut out, *b"IDAT", &encoder.finish()?);
    chunk(&mut out, *b"IEND", &[]);
    Ok(out)
}

fn chunk(out: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    out.extend(length.to_be_bytes());
    let mut sum = Crc::new();
    sum.update(&name);
    sum.update(data);
    out.extend(name);
    out.extend(data);
    out.extend(sum.sum().to_be_bytes());
}

/// The same square as an ICO file that holds one PNG.
pub(super) fn ico(color: &str) -> std::io::Result<Vec<u8>> {
    let png = png(color)?;
    let side = SIDE.to_le_bytes()[0];
    let mut out = vec![0, 0, 1, 0, 1, 0, side, side, 0, 0, 1, 0, 24, 0];
    out.extend(u32::try_from(png.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend(22_u32.to_le_bytes());
    out.extend(png);
    Ok(out)
}

/// A disc with the first letter of a name.
pub(super) fn svg(color: &str, name: &str) -> String {
    let letter = name.chars().find(|c| c.is_alphanumeric()).unwrap_or('?');
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 64 64\"><circle cx=\"32\" cy=\"32\" r=\"30\" \
         fill=\"{color}\"/><text x=\"32\" y=\"43\" font-size=\"32\" text-anchor=\"middle\" fill=\"#fff\" \
         font-family=\"sans-serif\">{letter}</text></svg>"
    )
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_png_is_whole_and_has_its_colour() {
        let png = png("#c0392b").unwrap();
        assert!(png.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"));
        let at = png.windows(4).position(|name| name == b"IDAT").unwrap();
        let length = u32::from_be_bytes(png[at - 4..at].try_into().unwrap()) as usize;
        let mut rows = Vec::new();
        flate2::read::ZlibDecoder::new(&png[at + 4..at + 4 + length]).read_to_end(&mut rows).unwrap();
        assert_eq!(rows.len(), 32 * (1 + 3 * 32));
        assert_eq!(rows[..4], [0, 0xc0, 0x39, 0x2b]);
        // The checksum of the empty last chunk is the same in every PNG.
        assert!(png.ends_with(b"IEND\xae\x42\x60\x82"));
    }

    #[test]
    fn an_ico_points_at_the_png_in_it() {
        let ico = ico("#000000").unwrap();
        assert!(ico.starts_with(&[0, 0, 1, 0, 1, 0, 32, 32]));
        assert_eq!(ico[22..], png("#000000").unwrap());
    }
}
