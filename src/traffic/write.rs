//! A made post as native JSON.

/// The fields of a made post. Empty texts and `None` are left out.
#[derive(Default)]
pub(super) struct Fields<'f> {
    pub(super) id: &'f str,
    pub(super) kind: Option<&'static str>,
    pub(super) channel: &'f str,
    pub(super) title: &'f str,
    pub(super) about: &'f str,
    pub(super) members: u64,
    pub(super) author: &'f str,
    pub(super) author_name: &'f str,
    pub(super) text: &'f str,
    pub(super) lang: &'f str,
    pub(super) sent_at: i64,
    pub(super) edited_at: Option<i64>,
    pub(super) reply_to: Option<String>,
    pub(super) forward: Option<(String, String)>,
    pub(super) file: Option<String>,
}

impl Fields<'_> {
    pub(super) fn json(&self) -> Vec<u8> {
        let mut json = Json(Vec::with_capacity(self.text.len() + 256));
        json.raw("{\"id\":").text(self.id);
        if let Some(kind) = self.kind {
            json.raw(",\"kind\":").text(kind);
        }
        json.raw(",\"channel\":{\"id\":").text(self.channel);
        if !self.title.is_empty() {
            json.raw(",\"title\":").text(self.title);
        }
        if !self.about.is_empty() {
            json.raw(",\"about\":").text(self.about);
        }
        json.raw(",\"members\":").number(&self.members);
        json.raw("},\"author\":{\"id\":").text(self.author);
        json.raw(",\"name\":").text(self.author_name).raw("}");
        if !self.text.is_empty() {
            json.raw(",\"text\":").text(self.text);
        }
        json.raw(",\"lang\":").text(self.lang);
        json.raw(",\"sent_at\":").number(&self.sent_at);
        if let Some(edited_at) = self.edited_at {
            json.raw(",\"edited_at\":").number(&edited_at);
        }
        if let Some(reply_to) = &self.reply_to {
            json.raw(",\"reply_to\":").text(reply_to);
        }
        if let Some((channel, title)) = &self.forward {
            json.raw(",\"forward\":{\"channel\":{\"id\":").text(channel);
            json.raw(",\"title\":").text(title).raw("}}");
        }
        if let Some(file) = &self.file {
            json.raw(",\"media\":[{\"name\":").text(file).raw("}]");
        }
        json.raw("}");
        json.0
    }
}

struct Json(Vec<u8>);

impl Json {
    fn raw(&mut self, text: &str) -> &mut Self {
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    fn number(&mut self, number: &impl ToString) -> &mut Self {
        self.raw(&number.to_string())
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.0.push(b'"');
        // Hardly any text has something to escape: found fast, then copied whole.
        if text.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
            text.bytes().for_each(|byte| self.escaped(byte));
        } else {
            self.raw(text);
        }
        self.0.push(b'"');
        self
    }

    fn escaped(&mut self, byte: u8) {
        match byte {
            b'"' => self.0.extend_from_slice(b"\\\""),
            b'\\' => self.0.extend_from_slice(b"\\\\"),
            b'\n' => self.0.extend_from_slice(b"\\n"),
            0..0x20 => self.0.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => self.0.push(byte),
        }
    }
}
