//! A QR code as one SVG path, so that the page needs neither an image nor a library.

use std::fmt::Write;

use common::mfa::QrCode;
use qrcode::{Color, EcLevel};

/// White margin in modules (ISO/IEC 18004 section 9.1).
const QUIET_ZONE: usize = 4;

/// Draws `text`, each run of dark modules as one rectangle.
pub fn draw(text: &str) -> QrCode {
    let code = qrcode::QrCode::with_error_correction_level(text, EcLevel::M)
        .expect("an address of 254 characters leaves room in the largest code");
    let width = code.width();
    let modules = code.to_colors();
    let mut path = String::new();
    for (y, row) in modules.chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|left, right| left == right) {
            if run[0] == Color::Dark {
                let (left, top, length) = (x + QUIET_ZONE, y + QUIET_ZONE, run.len());
                write!(path, "M{left} {top}h{length}v1h-{length}z").expect("writing to a string cannot fail");
            }
            x += run.len();
        }
    }
    QrCode {
        size: u32::try_from(width + 2 * QUIET_ZONE).expect("a code has at most 177 modules a side"),
        path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The dark modules of a path, read back.
    fn grid(code: &QrCode) -> Vec<Vec<bool>> {
        let size = code.size as usize;
        let mut grid = vec![vec![false; size]; size];
        for rectangle in code.path.split('M').skip(1) {
            let numbers: Vec<usize> = rectangle
                .split(|c: char| !c.is_ascii_digit())
                .filter_map(|text| text.parse().ok())
                .collect();
            let [x, y, length, 1, back] = numbers[..] else {
                panic!("{rectangle}");
            };
            assert_eq!(length, back);
            for module in &mut grid[y][x..x + length] {
                *module = true;
            }
        }
        grid
    }

    #[test]
    fn the_path_holds_the_finder_patterns_inside_a_quiet_zone() {
        let code = draw("otpauth://totp/CapeControl:nomsa%40karoo.test?secret=JBSWY3DPEHPK3PXP&issuer=CapeControl");
        let grid = grid(&code);
        let size = code.size as usize;
        // 17 + 4 × version modules and 4 on either side.
        assert_eq!((size - 8 - 17) % 4, 0);
        for (at, row) in grid.iter().enumerate() {
            let is_margin = !(4..size - 4).contains(&at);
            for (x, dark) in row.iter().enumerate() {
                assert!(!*dark || (!is_margin && (4..size - 4).contains(&x)), "{x} {at}");
            }
        }
        for (left, top) in [(4, 4), (size - 11, 4), (4, size - 11)] {
            for y in 0..7 {
                for x in 0..7 {
                    let ring = [x, y, 6 - x, 6 - y].into_iter().min().unwrap();
                    assert_eq!(grid[top + y][left + x], ring != 1, "{left} {top} {x} {y}");
                }
            }
        }
        // The timing pattern between them: dark and light in turn.
        for (x, dark) in grid[10].iter().enumerate().take(size - 12).skip(12) {
            assert_eq!(*dark, x % 2 == 0, "{x}");
        }
    }

    #[test]
    fn every_module_is_drawn() {
        let text = "otpauth://totp/CapeControl:a%40b.co?secret=JBSWY3DPEHPK3PXP";
        let code = draw(text);
        let drawn: Vec<bool> = grid(&code)[4..code.size as usize - 4]
            .iter()
            .flat_map(|row| row[4..row.len() - 4].to_vec())
            .collect();
        let expected = qrcode::QrCode::with_error_correction_level(text, EcLevel::M)
            .unwrap()
            .to_colors();
        assert_eq!(drawn, expected.iter().map(|c| *c == Color::Dark).collect::<Vec<_>>());
    }

    #[test]
    fn the_longest_address_fits() {
        let uri = super::super::codes::otpauth_uri(&"A".repeat(32), &"+".repeat(254));
        assert!(draw(&uri).size > 0);
    }
}
