//! The screen of `status --watch`.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Color, Style, Stylize as _};
use ratatui::text::Line;
use ratatui::widgets::{Block, Paragraph, Row, Table, Wrap};

use crate::operate::status::{Execution, Status, number};
use crate::visible;

/// Draws a report. `failure` is why there is no newer one, and `age` its age in seconds.
pub(super) fn picture(frame: &mut Frame<'_>, status: &Status, failure: Option<&str>, age: u64) {
    let colour = if status.alive { Color::Green } else { Color::Red };
    let title = shown(&format!(" {}: {} ", status.name, status.title()));
    let block = Block::bordered()
        .title(title.bold().fg(colour))
        .title_bottom(format!(" {age} s old, q ends "));
    let inside = block.inner(frame.area());
    frame.render_widget(block, frame.area());

    let (chains, about, said) = (chains(status), about(status), said(status, failure));
    // A small terminal cuts off the last rows.
    let heights = [chains.len() + 2, about.len() + 1, status.services.len() + 2];
    let heights = heights.map(|rows| Constraint::Length(u16::try_from(rows).unwrap_or(u16::MAX)));
    let [first, second, third] = heights;
    let [top, middle, services, rest] =
        Layout::vertical([first, second, third, Constraint::Min(0)]).areas(inside);

    let heading = Row::new(["chain", "latest", "safe", "finalized", "url", "peers"]).bold();
    // Together with the spaces between them, 78.
    let [url, peers] = [22, 5].map(Constraint::Length);
    let [latest, safe, finalized] = [13; 3].map(Constraint::Length);
    let widths = [Constraint::Min(7), latest, safe, finalized, url, peers];
    frame.render_widget(Table::new(chains, widths).header(heading), top);
    frame.render_widget(Paragraph::new(about), middle);
    let rows = status.services.iter().map(|service| {
        let image = service.image.as_deref().unwrap_or_default();
        Row::new([shown(&service.name), shown(&service.text()), shown(image)])
    });
    let heading = Row::new(["service", "state", "image"]).bold();
    let widths = [Constraint::Length(20), Constraint::Length(24), Constraint::Fill(1)];
    frame.render_widget(Table::new(rows, widths).header(heading), services);
    frame.render_widget(Paragraph::new(said).wrap(Wrap { trim: false }), rest);
}

/// Text of other programs, which must not control the terminal.
fn shown(text: &str) -> String {
    visible::line(text).into_owned()
}

/// A row for the L1, and one for each L2, whose last block is the unsafe one.
fn chains(status: &Status) -> Vec<Row<'static>> {
    let row = |name: &str, el: &Execution| {
        let peers = el.peers.map_or_else(String::new, |peers| peers.to_string());
        let heads = [Some(el.latest), el.safe, el.finalized].map(number);
        let [latest, safe, finalized] = heads;
        Row::new([shown(name), latest, safe, finalized, shown(&el.url), peers])
    };
    let l1 = status.execution.iter().map(|el| row("L1", el));
    let l2 = status.l2.iter().map(|l2| row(&format!("L2 {}", l2.name), &l2.execution));
    l1.chain(l2).collect()
}

/// What is the same for all services.
fn about(status: &Status) -> Vec<Line<'static>> {
    let mut lines = vec![("snapshot", status.source().to_owned())];
    lines.extend(status.genesis.iter().map(|genesis| ("genesis", genesis.text())));
    lines.extend(status.beacon.iter().map(|beacon| ("beacon", beacon.text())));
    lines.extend(status.l2.iter().map(|l2| ("batches", format!("{}: {}", l2.name, l2.batch()))));
    lines.extend(status.disk.iter().map(|(name, size)| ("disk", format!("{name} {size}"))));
    let line = |(name, text): (&str, String)| Line::from(shown(&format!("{name:<12} {text}")));
    lines.into_iter().map(line).collect()
}

/// Why the chain is not alive, and what `watch` did about it.
fn said(status: &Status, failure: Option<&str>) -> Vec<Line<'static>> {
    let red = Style::new().fg(Color::Red);
    let mut lines = Vec::new();
    lines.extend(failure.map(|text| Line::styled(shown(&format!("error: {text}")), red)));
    for finding in &status.findings {
        lines.push(Line::styled(shown(&format!("error: {}", finding.cause)), red));
        lines.push(Line::from(shown(&format!("hint: {}", finding.cure))));
    }
    lines.extend(status.heals.iter().map(|heal| Line::from(shown(&format!("watch: {heal}")))));
    lines
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::health::Finding;
    use crate::operate::stacks::State;
    use crate::operate::status::{FORMAT, Genesis, Head, L2, Service};

    fn status() -> Status {
        let el = |port: u16, latest| Execution {
            url: format!("http://127.0.0.1:{port}"),
            latest: Head { number: latest, age: 1 },
            safe: Some(Head { number: 6, age: 7 }),
            finalized: None,
            peers: Some(0),
        };
        Status {
            format: FORMAT,
            name: "chain".to_owned(),
            alive: true,
            state: State::Running,
            snapshot: None,
            genesis: Some(Genesis { run_id: "12".to_owned(), chain_id: 7, time: 0, age: 240 }),
            execution: Some(el(8545, 9)),
            beacon: None,
            l2: vec![L2 {
                name: "op".to_owned(),
                chain_id: 13,
                execution: el(9545, 30),
                node_url: None,
                last_batch: Some(Head { number: 8, age: 3 }),
            }],
            services: vec![Service {
                name: "el".to_owned(),
                state: "running".to_owned(),
                health: Some("healthy".to_owned()),
                exit_code: None,
                image: Some("geth:1".to_owned()),
            }],
            disk: [].into(),
            heals: vec![],
            findings: vec![],
        }
    }

    /// The rows of a screen with this size, without the spaces at their ends.
    fn screen(size: (u16, u16), status: &Status, failure: Option<&str>) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
        terminal.draw(|frame| picture(frame, status, failure, 1)).unwrap();
        let buffer = terminal.backend().buffer();
        let rows = buffer.content().chunks(usize::from(size.0));
        let text = |row: &[ratatui::buffer::Cell]| -> String {
            row.iter().map(ratatui::buffer::Cell::symbol).collect()
        };
        rows.map(|row| text(row).trim_end().to_owned()).collect()
    }

    #[test]
    fn the_screen_has_heads_and_services() {
        let rows = screen((110, 16), &status(), None);
        let has = |text: &str| assert!(rows.iter().any(|row| row.contains(text)), "{rows:#?}");
        assert!(rows[0].contains("┌ chain: alive, block 9 (1 s) ─"), "{rows:#?}");
        has("chain ");
        has("9 (1 s) ");
        has("http://127.0.0.1:8545");
        has("L2 op ");
        has("30 (1 s) ");
        has("genesis      4 min ago, run 12, chain ID 7");
        has("batches      op: last batch in L1 block 8 (3 s)");
        has("running (healthy)");
        assert!(rows[15].starts_with("└ 1 s old, q ends ─"), "{rows:#?}");
    }

    #[test]
    fn a_failure_is_on_the_screen_with_its_cure() {
        let mut status = status();
        status.alive = false;
        status.findings = vec![Finding::new("vc does not run", "regenesis up\u{1b}[2J")];
        let rows = screen((80, 20), &status, Some("Docker does not answer"));
        let has = |text: &str| assert!(rows.iter().any(|row| row.contains(text)), "{rows:#?}");
        assert!(rows[0].contains("chain: not alive"), "{rows:#?}");
        has("error: Docker does not answer");
        has("error: vc does not run");
        has("hint: regenesis up\\u{1b}[2J");
    }

    #[test]
    fn no_terminal_is_too_small() {
        for size in [(1, 1), (3, 2), (20, 5)] {
            screen(size, &status(), Some("x"));
        }
    }
}
