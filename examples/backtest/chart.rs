//! The chart: a panel per policy over a common time, each with the demand, the replicas that the policy ordered, and the time over the
//! limit shaded. It is an SVG with generic fonts, so it needs none of this machine.

use crate::format;
use crate::runs::{Point, Run};
use crate::traces::Loaded;
use plotters::coord::Shift;
use plotters::prelude::*;
use std::error::Error;
use std::path::Path;
use std::time::Duration;

const WIDTH: u32 = 1_280;
const TITLE: i32 = 78;
const PANEL: u32 = 150;
const AXIS: u32 = 48;
const LEFT: u32 = 64;
/// More bins than this are drawn together.
const COLUMNS: usize = 1_200;

/// Colours that stay apart for most kinds of colour vision (after Okabe and Ito).
const PALETTE: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(0, 130, 95),
    RGBColor(152, 70, 125),
    RGBColor(160, 95, 0),
    RGBColor(70, 70, 70),
    RGBColor(40, 140, 200),
];
const DEMAND: RGBColor = RGBColor(196, 203, 212);
const OVER_LIMIT: RGBColor = RGBColor(255, 178, 160);
const INK: RGBColor = RGBColor(40, 44, 52);
const GRID: RGBColor = RGBColor(228, 231, 235);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawing<T> = Result<T, DrawingAreaErrorKind<std::io::Error>>;

/// Writes the chart, and makes the folder that it lies in.
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
    let height = TITLE as u32 + PANEL * runs.len() as u32 + AXIS;
    let root = SVGBackend::with_string(svg, (WIDTH, height)).into_drawing_area();
    root.fill(&WHITE)?;
    let (title, mut rest) = root.split_vertically(TITLE);
    caption(&title, load, limit)?;
    let columns = Columns::of(load);
    let highest = runs.iter().flat_map(|run| &run.points).map(|bin| bin.ordered.max(bin.demand)).max();
    let highest = f64::from(highest.unwrap_or(1).max(1));
    for (i, run) in runs.iter().enumerate() {
        let last = i + 1 == runs.len();
        let (panel, below) = rest.split_vertically(PANEL + if last { AXIS } else { 0 });
        replicas(&panel, &columns, run, PALETTE[i % PALETTE.len()], highest, last)?;
        rest = below;
    }
    root.present()
}

fn font(size: u32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK)
}

/// The title, and what the colours mean.
fn caption(area: &Area<'_>, load: &Loaded, limit: Duration) -> Drawing<()> {
    let title = format!("Replicas ordered by each policy: {}", load.trace.name());
    area.draw(&Text::new(title, (16, 14), font(22)))?;
    let y = 54;
    area.draw(&Rectangle::new([(LEFT as i32, y - 6), (LEFT as i32 + 24, y + 6)], DEMAND.filled()))?;
    area.draw(&Text::new(
        "demand: fewest replicas that could serve it",
        (LEFT as i32 + 32, y - 7),
        font(14),
    ))?;
    area.draw(&PathElement::new([(400, y), (424, y)], INK.stroke_width(2)))?;
    area.draw(&Text::new("ordered replicas, starting ones included", (432, y - 7), font(14)))?;
    area.draw(&Rectangle::new([(740, y - 6), (764, y + 6)], OVER_LIMIT.filled()))?;
    let shaded = format!("waits longer than {}", format::span(limit));
    area.draw(&Text::new(shaded, (772, y - 7), font(14)))
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
            h if h > 0.05 => (h * 60.0, "minutes"),
            h => (h * 3_600.0, "seconds"),
        };
        Self { count: bins.min(COLUMNS), bins, end, unit }
    }

    /// The time at which a column starts.
    fn start(&self, column: usize) -> f64 {
        self.end * column as f64 / self.count as f64
    }

    /// The bins of each column.
    fn bins<'a>(&self, of: &'a [Point]) -> impl Iterator<Item = &'a [Point]> {
        let (count, bins) = (self.count, self.bins);
        (0..count).map(move |c| &of[c * bins / count..(c + 1) * bins / count])
    }

    /// One number per column, as the corners of a step function.
    fn steps(&self, of: &[Point], number: impl Fn(&[Point]) -> f64) -> Vec<(f64, f64)> {
        let mut corners = Vec::new();
        let mut level = None;
        for (column, bins) in self.bins(of).enumerate() {
            let next = number(bins);
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

/// Share of bins over the limit, shown at no less than a quarter where there is one.
fn shade(bins: &[Point]) -> f64 {
    let over = bins.iter().filter(|bin| bin.violated).count();
    if over == 0 { 0.0 } else { 0.25 + 0.75 * over as f64 / bins.len() as f64 }
}

fn most(bins: &[Point], value: fn(&Point) -> u32) -> f64 {
    f64::from(bins.iter().map(value).max().unwrap_or(0))
}

fn fewest(bins: &[Point], value: fn(&Point) -> u32) -> f64 {
    f64::from(bins.iter().map(value).min().unwrap_or(0))
}

fn mean(bins: &[Point], value: fn(&Point) -> u32) -> f64 {
    bins.iter().map(|bin| f64::from(value(bin))).sum::<f64>() / bins.len().max(1) as f64
}

/// The panel of one policy. Where several bins share a column, the line is their mean and the band behind it reaches from the fewest to
/// the most replicas.
fn replicas(
    area: &Area<'_>,
    columns: &Columns,
    run: &Run,
    colour: RGBColor,
    highest: f64,
    last: bool,
) -> Drawing<()> {
    let top = highest * 1.3;
    let mut chart = ChartBuilder::on(area)
        .margin_top(6)
        .margin_right(24)
        .set_label_area_size(LabelAreaPosition::Left, LEFT)
        .set_label_area_size(LabelAreaPosition::Bottom, if last { AXIS } else { 4 })
        .build_cartesian_2d(0.0..columns.end, 0.0..top)?;
    let shades = columns.steps(&run.points, shade);
    let shaded = shades.windows(2).filter(|pair| pair[0].1 == pair[1].1 && pair[0].1 > 0.0);
    chart.draw_series(shaded.map(|pair| {
        Rectangle::new([(pair[0].0, 0.0), (pair[1].0, top)], OVER_LIMIT.mix(pair[0].1).filled())
    }))?;
    let mut mesh = chart.configure_mesh();
    mesh.disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(INK)
        .y_desc("replicas")
        .x_labels(if last { 13 } else { 0 })
        .y_labels(4)
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| format!("{y:.0}"))
        .label_style(font(13))
        .axis_desc_style(font(13));
    if last {
        let together = if columns.count < columns.bins { "; line: mean, band: fewest to most" } else { "" };
        mesh.x_desc(format!("time since the start [{}]{together}", columns.unit));
    }
    mesh.draw()?;
    let mut ground = columns.steps(&run.points, |bins| most(bins, |bin| bin.demand));
    ground.insert(0, (0.0, 0.0));
    ground.push((columns.end, 0.0));
    chart.draw_series([Polygon::new(ground, DEMAND.filled())])?;
    let mut band = columns.steps(&run.points, |bins| most(bins, |bin| bin.ordered));
    band.extend(columns.steps(&run.points, |bins| fewest(bins, |bin| bin.ordered)).into_iter().rev());
    chart.draw_series([Polygon::new(band, colour.mix(0.3).filled())])?;
    let line = columns.steps(&run.points, |bins| mean(bins, |bin| bin.ordered));
    chart.draw_series([PathElement::new(line, colour.stroke_width(2))])?;
    let (cost, service) = (&run.report.cost, &run.report.service);
    let share = format::number(service.violating_percent, 2);
    let label =
        format!("{}: {} replica-hours, {share} % over", run.label, format::number(cost.replica_hours, 1));
    let style = ("sans-serif", 15).into_font().style(FontStyle::Bold).color(&colour);
    chart.draw_series([Text::new(label, (columns.end * 0.006, top * 0.985), style)])?;
    Ok(())
}
