//! Text with parts that only the renderer of a stack knows.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Setting;

/// An argument, the value of a variable or a path: its parts, side by side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(pub Vec<Part>);

/// A part of a [`Text`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Itself.
    Literal(Cow<'static, str>),
    /// The value of a setting.
    Setting(Setting),
    /// The host name or address under which other services reach the service of this name.
    Host(Cow<'static, str>),
}

impl Text {
    /// The text, with every part as `render` renders it.
    pub fn render(&self, render: impl Fn(&Part) -> String) -> String {
        self.0.iter().map(render).collect()
    }

    pub(super) fn literal(self, text: impl Into<Cow<'static, str>>) -> Self {
        self.with(Part::Literal(text.into()))
    }

    pub(super) fn setting(self, setting: Setting) -> Self {
        self.with(Part::Setting(setting))
    }

    pub(super) fn host(self, service: impl Into<Cow<'static, str>>) -> Self {
        self.with(Part::Host(service.into()))
    }

    fn with(mut self, part: Part) -> Self {
        self.0.push(part);
        self
    }
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        Self::default().literal(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(vec![Part::Literal(text.into())])
    }
}

impl From<Setting> for Text {
    fn from(setting: Setting) -> Self {
        Self::default().setting(setting)
    }
}
