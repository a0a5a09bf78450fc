//! Writes the placed marks as a PDF: tagged for screen readers (PDF/UA-1) and made to be kept (PDF/A-2a).

use std::num::NonZeroU16;

use krilla::{
    Document, SerializeSettings,
    action::{Action, LinkAction},
    annotation::{Annotation, LinkAnnotation, Target},
    color::rgb,
    configure::{Accessibility, Archival, ConfigurationBuilder},
    destination::XyzDestination,
    error::KrillaError,
    geom::{Path, PathBuilder, Point, Quadrilateral, Rect, Transform},
    metadata::Metadata,
    outline::{Outline, OutlineNode},
    page::PageSettings,
    paint::{Fill, LineCap, LineJoin, Stroke},
    surface::Surface,
    tagging::{
        Artifact, ArtifactType, ContentTag, Identifier, Node as TagNode, SpanTag, TableHeaderScope, Tag, TagGroup,
        TagKind, TagTree,
    },
};

use super::{
    paper::{Area, HEIGHT, Ink, Mark, NodeId, Paper, Placed, Role, WIDTH},
    text::Fonts,
};

pub fn draw(paper: &Paper, fonts: &Fonts, metadata: Metadata) -> Result<Vec<u8>, KrillaError> {
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .expect("both standards allow PDF 1.7");
    let mut document = Document::new_with(SerializeSettings {
        configuration,
        ..SerializeSettings::default()
    });
    document.set_metadata(metadata);
    let mut leaves: Vec<Vec<Identifier>> = paper.nodes.iter().map(|_| Vec::new()).collect();
    for placed in &paper.pages {
        let settings = PageSettings::from_wh(WIDTH, HEIGHT).expect("A4 has a size");
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for Placed { mark, node } in &placed.marks {
            let tag = match node {
                Some(_) => ContentTag::Span(SpanTag::empty()),
                None => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)),
            };
            if matches!(mark, Mark::Link { .. }) {
                continue;
            }
            let identifier = surface.start_tagged(tag);
            draw_mark(&mut surface, fonts, mark);
            surface.end_tagged();
            if let Some(NodeId(node)) = node {
                leaves[*node].push(identifier);
            }
        }
        surface.finish();
        for Placed { mark, node } in &placed.marks {
            if let (Mark::Link { areas, url }, Some(NodeId(node))) = (mark, node) {
                leaves[*node].push(page.add_tagged_annotation(link(areas, url)));
            }
        }
        page.finish();
    }
    document.set_outline(outline(paper));
    document.set_tag_tree(tag_tree(paper, leaves));
    document.finish()
}

fn draw_mark(surface: &mut Surface<'_>, fonts: &Fonts, mark: &Mark) {
    match mark {
        Mark::Text { x, baseline, line, ink } => {
            paint(surface, Some(color(*ink)), None);
            let start = Point::from_xy(*x, *baseline);
            let font = fonts.font(line.style.weight);
            surface.draw_glyphs(start, &line.glyphs, font, &line.text, line.style.size, false);
        }
        Mark::Rule {
            from,
            to,
            y,
            thickness,
            ink,
        } => {
            surface.set_fill(None);
            surface.set_stroke(Some(Stroke {
                paint: color(*ink).into(),
                width: *thickness,
                ..Stroke::default()
            }));
            surface.draw_path(&path(|path| {
                path.move_to(*from, *y);
                path.line_to(*to, *y);
            }));
        }
        Mark::Frame(area) => {
            paint(surface, None, Some((color(Ink::Accent), 1.0)));
            surface.draw_path(&rounded(*area, 4.0));
        }
        Mark::Logo { x, y, scale } => draw_logo(surface, *x, *y, *scale),
        Mark::Link { .. } => {}
    }
}

/// The mark of the interface: a sun above a line of the Table Mountain.
fn draw_logo(surface: &mut Surface<'_>, x: f32, y: f32, scale: f32) {
    surface.push_transform(&Transform::from_row(scale, 0.0, 0.0, scale, x, y));
    paint(surface, Some(color(Ink::Sun)), None);
    surface.draw_path(&rounded(
        Area {
            left: 19.0,
            top: 2.0,
            right: 26.0,
            bottom: 9.0,
        },
        3.5,
    ));
    paint(surface, None, Some((color(Ink::Accent), 2.6)));
    surface.draw_path(&path(|path| {
        path.move_to(1.5, 20.5);
        for (x, y) in [(6.0, 20.5), (10.5, 11.0), (21.5, 11.0), (24.5, 16.5), (28.5, 16.5)] {
            path.line_to(x, y);
        }
    }));
    surface.pop();
}

fn paint(surface: &mut Surface<'_>, fill: Option<rgb::Color>, stroke: Option<(rgb::Color, f32)>) {
    surface.set_fill(fill.map(|color| Fill {
        paint: color.into(),
        ..Fill::default()
    }));
    surface.set_stroke(stroke.map(|(color, width)| Stroke {
        paint: color.into(),
        width,
        line_cap: LineCap::Round,
        line_join: LineJoin::Round,
        ..Stroke::default()
    }));
}

fn color(ink: Ink) -> rgb::Color {
    match ink {
        Ink::Text => rgb::Color::new(0x12, 0x21, 0x1f),
        Ink::Muted => rgb::Color::new(0x56, 0x64, 0x62),
        Ink::Accent => rgb::Color::new(0x0b, 0x55, 0x67),
        Ink::Sun => rgb::Color::new(0xf2, 0xa9, 0x00),
        Ink::Border => rgb::Color::new(0xd9, 0xe0, 0xde),
        Ink::StrongBorder => rgb::Color::new(0x7c, 0x8a, 0x88),
    }
}

fn path(build: impl FnOnce(&mut PathBuilder)) -> Path {
    let mut builder = PathBuilder::new();
    build(&mut builder);
    builder.finish().expect("the path has a length")
}

/// A rectangle with round corners; a circle when `radius` is half its side.
fn rounded(area: Area, radius: f32) -> Path {
    let Area {
        left,
        top,
        right,
        bottom,
    } = area;
    // How far the handles of a cubic curve stand from its ends to draw a quarter of a circle.
    let handle = radius * (1.0 - 0.552_284_8);
    path(|path| {
        path.move_to(left + radius, top);
        path.line_to(right - radius, top);
        path.cubic_to(right - handle, top, right, top + handle, right, top + radius);
        path.line_to(right, bottom - radius);
        path.cubic_to(right, bottom - handle, right - handle, bottom, right - radius, bottom);
        path.line_to(left + radius, bottom);
        path.cubic_to(left + handle, bottom, left, bottom - handle, left, bottom - radius);
        path.line_to(left, top + radius);
        path.cubic_to(left, top + handle, left + handle, top, left + radius, top);
        path.close();
    })
}

fn link(areas: &[Area], url: &str) -> Annotation {
    let quad = |area: &Area| {
        let rect = Rect::from_ltrb(area.left, area.top, area.right, area.bottom);
        Quadrilateral::from(rect.expect("a line of text has a size"))
    };
    let target = Target::Action(Action::Link(LinkAction::new(url.to_owned())));
    let link = LinkAnnotation::new_with_quad_points(areas.iter().map(quad).collect(), target);
    Annotation::new_link(link, Some(url.to_owned()))
}

/// The bookmarks that PDF/UA asks for: the title leads to the first page.
fn outline(paper: &Paper) -> Outline {
    let mut outline = Outline::new();
    for node in &paper.nodes {
        if let Role::Title(title) = &node.role {
            let top = XyzDestination::new(0, Point::from_xy(0.0, 0.0));
            outline.push_child(OutlineNode::new(title.clone(), top));
        }
    }
    outline
}

/// The nodes as krilla's tree; each has its inner nodes, then the marks of its own.
fn tag_tree(paper: &Paper, leaves: Vec<Vec<Identifier>>) -> TagTree {
    let mut inner: Vec<Vec<TagNode>> = paper.nodes.iter().map(|_| Vec::new()).collect();
    let mut roots = Vec::new();
    // A node comes after its parent, so from the end each one is complete when it is reached.
    for (index, (node, leaves)) in paper.nodes.iter().zip(leaves).enumerate().rev() {
        let mut children = std::mem::take(&mut inner[index]);
        children.reverse();
        children.extend(leaves.into_iter().map(TagNode::from));
        let group = TagNode::from(TagGroup::with_children(kind(&node.role), children));
        match node.parent {
            Some(NodeId(parent)) => inner[parent].push(group),
            None => roots.push(group),
        }
    }
    let mut tree = TagTree::new();
    for root in roots.into_iter().rev() {
        tree.push(root);
    }
    tree
}

fn kind(role: &Role) -> TagKind {
    let heading = |level, title: &String| {
        let level = NonZeroU16::new(level).expect("levels start at one");
        Tag::Hn(level, Some(title.clone())).into()
    };
    match role {
        Role::Title(title) => heading(1, title),
        Role::Heading(title) => heading(2, title),
        Role::Paragraph => Tag::P.into(),
        Role::Link => Tag::Link.into(),
        Role::Table => Tag::Table.into(),
        Role::TableHead => Tag::THead.into(),
        Role::TableBody => Tag::TBody.into(),
        Role::Row => Tag::TR.into(),
        Role::ColumnHead => Tag::TH(TableHeaderScope::Column).into(),
        Role::RowHead => Tag::TH(TableHeaderScope::Row).into(),
        Role::Cell => Tag::TD.into(),
    }
}
