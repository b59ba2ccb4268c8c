//! The terminal as a screen that is drawn again and again, and left as it was.

use std::io::{IsTerminal, Result};
use std::time::Duration;

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::{DefaultTerminal, Frame};

use super::signal;

/// A screen. The terminal is restored when it is dropped, and when a signal ends the program.
#[derive(Debug)]
pub struct Screen(DefaultTerminal);

impl Screen {
    /// Takes the terminal; `None` if stdin or stdout is not one.
    ///
    /// # Errors
    /// The terminal refuses.
    pub fn open() -> Result<Option<Self>> {
        if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
            return Ok(None);
        }
        signal::set_removal(Some(Box::new(restore)));
        let terminal = ratatui::try_init().inspect_err(|_| {
            restore();
            signal::set_removal(None);
        })?;
        Ok(Some(Self(terminal)))
    }

    /// Draws it.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn draw(&mut self, picture: impl FnOnce(&mut Frame<'_>)) -> Result<()> {
        // A signal restores the terminal: nothing may be drawn after that.
        signal::uninterrupted(|| self.0.draw(picture).map(drop))
    }

    /// Waits at most this long for a key or a new size. Returns whether the key was `q`, Escape or Ctrl-C.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn is_left(&self, within: Duration) -> Result<bool> {
        Ok(event::poll(within)? && is_end(&event::read()?))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        signal::uninterrupted(restore);
        signal::set_removal(None);
    }
}

/// A signal ends the program without dropping the terminal, so this also shows the cursor again.
fn restore() {
    ratatui::restore();
    let _ = ratatui::crossterm::execute!(std::io::stdout(), ratatui::crossterm::cursor::Show);
}

/// Ctrl-C is a key here: the terminal sends no signal while the screen has it.
fn is_end(event: &Event) -> bool {
    let Event::Key(KeyEvent { code, modifiers, kind: KeyEventKind::Press, .. }) = event else {
        return false;
    };
    let with_control = modifiers.contains(KeyModifiers::CONTROL);
    matches!(code, KeyCode::Char('q') | KeyCode::Esc) || with_control && *code == KeyCode::Char('c')
}
