//! The chart: demand and replicas per policy over time, and below it a lane per policy in which the time over the limit is shaded.
//! It is an SVG with generic fonts, so it needs none of this machine.

use crate::format;
use crate::runs::Run;
use crate::traces::Loaded;
use plotters::coord::Shift;
use plotters::prelude::*;
use setpoint::simulate::Bin;
use std::error::Error;
use std::path::Path;
use std::time::Duration;

const SIZE: (u32, u32) = (1_280, 820);
/// Room for the names to the left of the plots, in pixels.
const LEFT: u32 = 120;
const LANE: i32 = 26;
/// More bins than this are drawn together.
const COLUMNS: usize = 1_500;

/// Colours that stay apart for most kinds of colour vision (after Okabe and Ito).
const PALETTE: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(90, 90, 90),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];
const DEMAND: RGBColor = RGBColor(205, 211, 219);
const LANE_GROUND: RGBColor = RGBColor(240, 242, 245);
const INK: RGBColor = RGBColor(40, 44, 52);
const GRID: RGBColor = RGBColor(225, 228, 232);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawing<T> = Result<T, DrawingAreaErrorKind<std::io::Error>>;

/// Writes the chart, and the folder that it lies in.
pub(crate) fn write(path: &Path, load: &Loaded, runs: &[Run], limit: Duration) -> Result<(), Box<dyn Error>> {
    let here = |e: std::io::Error| format!("{}: {e}", path.display());
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(here)?;
    }
    let mut svg = String::new();
    draw(&mut svg, load, runs, limit).map_err(|e| format!("the chart cannot be drawn: {e}"))?;
    Ok(std::fs::write(path, svg).map_err(here)?)
}

fn draw(svg: &mut String, load: &Loaded, runs: &[Run], limit: Duration) -> Drawing<()> {
    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let title = format!("Replicas and demand: {}", load.trace.name());
    root.draw(&Text::new(title, (16, 14), font(22)))?;
    let lanes = LANE * runs.len() as i32 + 44;
    let (top, bottom) = root.margin(50, 10, 10, 30).split_vertically(SIZE.1 as i32 - 60 - lanes);
    let columns = Columns::of(load);
    replicas(&top, &columns, runs)?;
    over_limit(&bottom, &columns, runs, limit)?;
    root.present()
}

fn font(size: u32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK)
}

/// How bins become columns of the picture, and their time in a unit that reads well.
struct Columns {
    count: usize,
    bins: usize,
    end: f64,
    unit: &'static str,
}

impl Columns {
    fn of(load: &Loaded) -> Self {
        let bins = load.trace.len();
        let hours = load.trace.duration().as_secs_f64() / 3_600.0;
        let (end, unit) = match hours {
            h if h > 72.0 => (h / 24.0, "days"),
            h if h > 3.0 => (h, "hours"),
            h => (h * 60.0, "minutes"),
        };
        Self { count: bins.min(COLUMNS), bins, end, unit }
    }

    /// The time at which a column starts.
    fn start(&self, column: usize) -> f64 {
        self.end * column as f64 / self.count as f64
    }

    /// The bins of each column.
    fn bins<'a>(&self, of: &'a [Bin]) -> impl Iterator<Item = &'a [Bin]> {
        let (count, bins) = (self.count, self.bins);
        (0..count).map(move |c| &of[c * bins / count..(c + 1) * bins / count])
    }

    /// The largest of each column, as the corners of a step function.
    fn steps(&self, of: &[Bin], value: fn(&Bin) -> u32) -> Vec<(f64, f64)> {
        let mut corners = Vec::new();
        let mut level = None;
        for (column, bins) in self.bins(of).enumerate() {
            let next = f64::from(bins.iter().map(value).max().unwrap_or(0));
            if level != Some(next) {
                corners.extend(level.map(|level| (self.start(column), level)));
                corners.push((self.start(column), next));
                level = Some(next);
            }
        }
        corners.extend(level.map(|level| (self.end, level)));
        corners
    }
}

/// The upper plot: what was needed, and what each policy ordered.
fn replicas(area: &Area<'_>, columns: &Columns, runs: &[Run]) -> Drawing<()> {
    let demand = runs.first().map(|run| columns.steps(&run.bins, |bin| bin.demand)).unwrap_or_default();
    let ordered: Vec<_> = runs.iter().map(|run| columns.steps(&run.bins, |bin| bin.ordered)).collect();
    let top = ordered.iter().chain([&demand]).flatten().map(|(_, y)| *y).fold(1.0, f64::max);
    let mut chart = ChartBuilder::on(area)
        .set_label_area_size(LabelAreaPosition::Left, LEFT)
        .set_label_area_size(LabelAreaPosition::Bottom, 46)
        .build_cartesian_2d(0.0..columns.end, 0.0..top * 1.18)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(WHITE)
        .bold_line_style(GRID)
        .axis_style(INK)
        .x_desc(format!("time since the start [{}]", columns.unit))
        .y_desc("replicas")
        .x_labels(13)
        .y_labels(9)
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| format!("{y:.0}"))
        .label_style(font(14))
        .axis_desc_style(font(15))
        .draw()?;
    let mut ground = demand;
    ground.push((columns.end, 0.0));
    ground.insert(0, (0.0, 0.0));
    chart
        .draw_series([Polygon::new(ground, DEMAND.filled())])?
        .label("demand (fewest replicas that could serve it)")
        .legend(|(x, y)| Rectangle::new([(x, y - 5), (x + 22, y + 5)], DEMAND.filled()));
    for ((run, line), colour) in runs.iter().zip(ordered).zip(PALETTE.into_iter().cycle()) {
        chart
            .draw_series([PathElement::new(line, colour.stroke_width(2))])?
            .label(run.label.clone())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 22, y)], colour.stroke_width(3)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .label_font(font(14))
        .legend_area_size(30)
        .background_style(WHITE.mix(0.85))
        .border_style(GRID)
        .draw()
}

/// The lanes below it: the time that each policy spent over the limit.
fn over_limit(area: &Area<'_>, columns: &Columns, runs: &[Run], limit: Duration) -> Drawing<()> {
    let right = area.dim_in_pixel().0 as i32;
    let left = LEFT as i32;
    let heading =
        format!("Shaded: time with waits longer than {}, and the share of requests", format::span(limit));
    area.draw(&Text::new(heading, (left, 4), font(15)))?;
    let at =
        |column: usize| left + ((right - left) as f64 * column as f64 / columns.count as f64).round() as i32;
    for ((lane, run), colour) in (0..).zip(runs).zip(PALETTE.into_iter().cycle()) {
        let (y0, y1) = (28 + lane * LANE, 28 + lane * LANE + LANE - 6);
        area.draw(&Rectangle::new([(left, y0), (right, y1)], LANE_GROUND.filled()))?;
        let shaded: Vec<bool> = columns.bins(&run.bins).map(|bins| bins.iter().any(|b| b.violated)).collect();
        let mut column = 0;
        while column < shaded.len() {
            let run_length = shaded[column..].iter().take_while(|s| **s == shaded[column]).count();
            if shaded[column] {
                let (x0, x1) = (at(column), at(column + run_length).max(at(column) + 1));
                area.draw(&Rectangle::new([(x0, y0), (x1, y1)], colour.filled()))?;
            }
            column += run_length;
        }
        let share = format::number(run.report.service.violating_percent, 2);
        area.draw(&Text::new(format!("{} {share} %", run.label), (0, y0 + 3), font(14)))?;
    }
    Ok(())
}
