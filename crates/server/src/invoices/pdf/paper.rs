//! Pages with marks at their places, and the structure that screen readers follow.
//!
//! Lengths are points; the origin is the top left corner of an A4 page.

use super::text::{Fonts, Line, Style};

pub const WIDTH: f32 = 595.28;
pub const HEIGHT: f32 = 841.89;
/// 16 mm.
pub const MARGIN: f32 = 45.35;
pub const LEFT: f32 = MARGIN;
pub const RIGHT: f32 = WIDTH - MARGIN;
pub const TOP: f32 = MARGIN;
pub const BOTTOM: f32 = HEIGHT - MARGIN;

/// Nodes are kept in reading order; a node comes after its parent.
#[derive(Default)]
pub struct Paper {
    pub pages: Vec<Page>,
    pub nodes: Vec<Node>,
}

#[derive(Default)]
pub struct Page {
    pub marks: Vec<Placed>,
}

pub struct Placed {
    pub mark: Mark,
    /// What the mark belongs to; `None` for decoration and for what is repeated on each page.
    pub node: Option<NodeId>,
}

pub enum Mark {
    Text {
        x: f32,
        baseline: f32,
        line: Line,
        ink: Ink,
    },
    Rule {
        from: f32,
        to: f32,
        y: f32,
        thickness: f32,
        ink: Ink,
    },
    /// The round-edged line of a stamp.
    Frame(Area),
    /// The logo's mark with its left upper corner here.
    Logo { x: f32, y: f32, scale: f32 },
    /// Where a click opens an address; an area for each line of its text.
    Link { areas: Vec<Area>, url: String },
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    Text,
    Muted,
    Accent,
    /// Of the logo only.
    Sun,
    Border,
    StrongBorder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeId(pub usize);

pub struct Node {
    pub role: Role,
    pub parent: Option<NodeId>,
}

pub enum Role {
    Title(String),
    Heading(String),
    Paragraph,
    Link,
    Table,
    TableHead,
    TableBody,
    Row,
    ColumnHead,
    RowHead,
    Cell,
}

/// The pen: a place on the last page, from which it goes down.
pub struct Pen<'a> {
    pub fonts: &'a Fonts,
    pub paper: Paper,
    /// Upper edge of what comes next.
    pub y: f32,
}

impl<'a> Pen<'a> {
    pub fn new(fonts: &'a Fonts) -> Self {
        let mut pen = Self {
            fonts,
            paper: Paper::default(),
            y: TOP,
        };
        pen.turn_page();
        pen
    }

    pub fn turn_page(&mut self) {
        self.paper.pages.push(Page::default());
        self.y = TOP;
    }

    pub fn node(&mut self, parent: Option<NodeId>, role: Role) -> NodeId {
        self.paper.nodes.push(Node { role, parent });
        NodeId(self.paper.nodes.len() - 1)
    }

    pub fn mark(&mut self, mark: Mark, node: Option<NodeId>) {
        let page = self.paper.pages.last_mut().expect("a pen starts with a page");
        page.marks.push(Placed { mark, node });
    }

    pub fn rule(&mut self, from: f32, to: f32, y: f32, thickness: f32, ink: Ink) {
        let rule = Mark::Rule {
            from,
            to,
            y,
            thickness,
            ink,
        };
        self.mark(rule, None);
    }

    /// Draws a line of text with its left edge at `x`, in the line box that starts at `y`.
    pub fn left(&mut self, x: f32, y: f32, line: Line, ink: Ink, node: Option<NodeId>) {
        let baseline = baseline(line.style, y);
        self.on_baseline(x, baseline, line, ink, node);
    }

    /// Draws a line of text with its right edge at `x`, in the line box that starts at `y`.
    pub fn right(&mut self, x: f32, y: f32, line: Line, ink: Ink, node: Option<NodeId>) {
        self.left(x - line.width, y, line, ink, node);
    }

    pub fn on_baseline(&mut self, x: f32, baseline: f32, line: Line, ink: Ink, node: Option<NodeId>) {
        let text = Mark::Text { x, baseline, line, ink };
        self.mark(text, node);
    }
}

/// Where letters stand in a line box that starts at `top`: capitals are centred in it.
pub fn baseline(style: Style, top: f32) -> f32 {
    top + style.leading / 2.0 + style.size * 0.35
}
