//! Figures as pictures: lines over a logarithmic axis, as SVG.

use std::fmt::Write as _;
use std::path::PathBuf;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 60.0;
/// Of the lines, in turn; to be told apart by those who see no colours too.
const COLOURS: [(&str, &str); 2] = [("#1f6f8b", "none"), ("#b3541e", "7 4")];

/// A picture. Both axes are logarithmic.
pub(crate) struct Plot {
    pub(crate) title: &'static str,
    pub(crate) across: &'static str,
    pub(crate) up: &'static str,
    pub(crate) lines: Vec<Line>,
}

pub(crate) struct Line {
    pub(crate) name: &'static str,
    /// Above 0.
    pub(crate) points: Vec<(f64, f64)>,
}

impl Plot {
    /// Writes it into the folder that `BENCH_PLOTS` names; where it names none nothing is written.
    pub(crate) fn write(&self, name: &str) -> Result<(), String> {
        let Some(folder) = std::env::var_os("BENCH_PLOTS").map(PathBuf::from) else { return Ok(()) };
        let path = folder.join(format!("{name}.svg"));
        std::fs::write(&path, self.draw()).map_err(|error| format!("{}: {error}", path.display()))?;
        println!("(drawn: {})\n", path.display());
        Ok(())
    }

    fn draw(&self) -> String {
        let all = || self.lines.iter().flat_map(|line| &line.points);
        let least = |of: fn(&(f64, f64)) -> f64| all().map(of).fold(f64::MAX, f64::min);
        let most = |of: fn(&(f64, f64)) -> f64| all().map(of).fold(f64::MIN, f64::max);
        let (from_x, to_x) = (least(|point| point.0).log10(), most(|point| point.0).log10());
        let (from_y, to_y) = (least(|point| point.1).log10().floor(), most(|point| point.1).log10().ceil());
        let x = |value: f64| LEFT + (value.log10() - from_x) / (to_x - from_x) * (WIDTH - LEFT - RIGHT);
        let y = |value: f64| HEIGHT - BOTTOM - (value.log10() - from_y) / (to_y - from_y) * (HEIGHT - TOP - BOTTOM);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
             font-size=\"13\">\n<title>{}</title>\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n\
             <text x=\"{LEFT}\" y=\"24\" font-size=\"16\" fill=\"#222222\">{}</text>\n",
            self.title, self.title
        );
        let mut text = |at: (f64, f64), anchor: &str, more: &str, text: &str| {
            let (x, y) = at;
            let _ = writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"#444444\"{more}>{text}</text>"
            );
        };
        let middle = (HEIGHT - BOTTOM + TOP) / 2.0;
        text(((WIDTH + LEFT - RIGHT) / 2.0, HEIGHT - 18.0), "middle", "", self.across);
        text((18.0, middle), "middle", &format!(" transform=\"rotate(-90 18 {middle})\""), self.up);
        let mut across: Vec<f64> = all().map(|point| point.0).collect();
        across.sort_by(f64::total_cmp);
        across.dedup();
        for value in across {
            text((x(value), HEIGHT - BOTTOM + 20.0), "middle", "", &value.to_string());
        }
        for power in from_y as i32..=to_y as i32 {
            let value = 10_f64.powi(power);
            text((LEFT - 8.0, y(value) + 4.0), "end", "", &value.to_string());
        }
        for power in from_y as i32..=to_y as i32 {
            let at = y(10_f64.powi(power));
            let right = WIDTH - RIGHT;
            let _ = writeln!(svg, "<path d=\"M{LEFT} {at:.1}H{right}\" stroke=\"#dddddd\"/>");
        }
        for (number, (line, (colour, dashes))) in self.lines.iter().zip(COLOURS).enumerate() {
            let points = line.points.iter().map(|point| format!("{:.1},{:.1}", x(point.0), y(point.1)));
            let points = points.collect::<Vec<_>>().join(" ");
            let _ = writeln!(
                svg,
                "<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dashes}\"/>"
            );
            for point in &line.points {
                let _ = writeln!(
                    svg,
                    "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{colour}\"/>",
                    x(point.0),
                    y(point.1)
                );
            }
            let (at, end) = (TOP + 8.0 + number as f64 * 18.0, WIDTH - RIGHT);
            let _ = writeln!(
                svg,
                "<path d=\"M{:.1} {:.1}h34\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dashes}\"/>\n\
                 <text x=\"{:.1}\" y=\"{at:.1}\" text-anchor=\"end\" fill=\"#222222\">{}</text>",
                end - 34.0,
                at - 4.0,
                end - 42.0,
                line.name
            );
        }
        svg.push_str("</svg>\n");
        svg
    }
}
