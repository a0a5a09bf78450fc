//! The table of lines: columns as wide as their numbers, heads on every page, rows that stay whole.

use super::{
    layout::{BODY, FLOW_BOTTOM, LABEL, THIN, TOP_OF_NEXT, continue_on_next_page},
    paper::{Ink, LEFT, NodeId, Pen, RIGHT, Role},
    text::{Fonts, Line, Style, Weight},
    words::{Row, Table, Words},
};

const GAP: f32 = 22.0;
/// Numbers get smaller before the description gets narrower than this.
const DESCRIPTION_LEAST: f32 = 150.0;
const SIZES: [f32; 5] = [10.0, 9.0, 8.0, 7.0, 6.0];
/// Rows stand closer when there are more than this.
const FEW_ROWS: usize = 8;

/// Places of the columns.
struct Columns {
    /// Type of the cells.
    style: Style,
    description_width: f32,
    /// Right edges of the columns of numbers.
    edges: Vec<f32>,
}

impl Columns {
    fn measure(fonts: &Fonts, table: &Table) -> Self {
        let mut chosen = Self::at(fonts, table, BODY.at(SIZES[0]));
        for size in &SIZES[1..] {
            if chosen.description_width >= DESCRIPTION_LEAST {
                break;
            }
            chosen = Self::at(fonts, table, BODY.at(*size));
        }
        chosen
    }

    fn at(fonts: &Fonts, table: &Table, style: Style) -> Self {
        let head = LABEL.at(LABEL.size * style.size / BODY.size);
        let mut right = RIGHT;
        let mut edges = Vec::new();
        for (column, text) in table.heads.iter().enumerate().skip(1).rev() {
            edges.push(right);
            let cells = table
                .rows
                .iter()
                .map(|row| fonts.width(style, &row.numbers[column - 1]));
            right -= cells.fold(fonts.width(head, text), f32::max) + GAP;
        }
        edges.reverse();
        Self {
            style,
            description_width: right - LEFT,
            edges,
        }
    }

    fn head_style(&self) -> Style {
        LABEL.at(LABEL.size * self.style.size / BODY.size)
    }
}

pub fn draw(pen: &mut Pen<'_>, words: &Words) {
    let table = &words.table;
    let columns = Columns::measure(pen.fonts, table);
    let (above, below) = if table.rows.len() > FEW_ROWS {
        (6.5, 5.5)
    } else {
        (11.5, 9.0)
    };
    let node = pen.node(None, Role::Table);
    let head = pen.node(Some(node), Role::TableHead);
    let head_row = pen.node(Some(head), Role::Row);
    let body = pen.node(Some(node), Role::TableBody);

    let rows: Vec<Vec<Line>> = table.rows.iter().map(|row| shape(pen.fonts, &columns, row)).collect();
    let height = |lines: &[Line]| above + lines.iter().map(|line| line.style.leading).sum::<f32>() + below;
    let heads_height = columns.head_style().leading + 6.0;
    let page_height = FLOW_BOTTOM - TOP_OF_NEXT - heads_height;
    // A row that fits on no page starts where it is; any other stays whole.
    let kept = |lines: &[Line]| {
        Some(height(lines))
            .filter(|height| *height <= page_height)
            .unwrap_or(above + below)
    };
    let first = rows.first().map_or(0.0, |lines| kept(lines));
    if pen.y + heads_height + first > FLOW_BOTTOM {
        continue_on_next_page(pen, words);
    }
    heads(pen, table, &columns, Some(head_row));
    for (row, lines) in table.rows.iter().zip(rows) {
        if pen.y + kept(&lines) > FLOW_BOTTOM {
            next_page(pen, words, &columns);
        }
        let row_node = pen.node(Some(body), Role::Row);
        let cell = pen.node(Some(row_node), Role::Cell);
        pen.y += above;
        for (number, edge) in row.numbers.iter().zip(&columns.edges) {
            let cell = pen.node(Some(row_node), Role::Cell);
            let number = pen.fonts.line(columns.style, number);
            pen.right(*edge, pen.y, number, Ink::Text, Some(cell));
        }
        for line in lines {
            let leading = line.style.leading;
            if pen.y + leading + below > FLOW_BOTTOM {
                next_page(pen, words, &columns);
                pen.y += above;
            }
            let ink = match line.style.weight {
                Weight::Regular => Ink::Muted,
                Weight::SemiBold | Weight::Bold => Ink::Text,
            };
            pen.left(LEFT, pen.y, line, ink, Some(cell));
            pen.y += leading;
        }
        pen.y += below;
        pen.rule(LEFT, RIGHT, pen.y, THIN, Ink::Border);
    }
}

fn next_page(pen: &mut Pen<'_>, words: &Words, columns: &Columns) {
    continue_on_next_page(pen, words);
    heads(pen, &words.table, columns, None);
}

/// Draws the heads; on later pages they are repeated for the eye only (`row` is `None`).
fn heads(pen: &mut Pen<'_>, table: &Table, columns: &Columns, row: Option<NodeId>) {
    let style = columns.head_style();
    for (column, text) in table.heads.iter().enumerate() {
        let node = row.map(|row| pen.node(Some(row), Role::ColumnHead));
        let line = pen.fonts.line(style, text);
        match column.checked_sub(1) {
            None => pen.left(LEFT, pen.y, line, Ink::Muted, node),
            Some(number) => pen.right(columns.edges[number], pen.y, line, Ink::Muted, node),
        }
    }
    pen.y += style.leading + 5.5;
    pen.rule(LEFT, RIGHT, pen.y, THIN * 1.25, Ink::StrongBorder);
}

fn shape(fonts: &Fonts, columns: &Columns, row: &Row) -> Vec<Line> {
    let name = Style {
        weight: Weight::SemiBold,
        ..columns.style
    };
    let width = columns.description_width;
    let details = row
        .details
        .iter()
        .flat_map(|text| fonts.wrap(columns.style, text, width));
    fonts.wrap(name, &row.name, width).into_iter().chain(details).collect()
}
