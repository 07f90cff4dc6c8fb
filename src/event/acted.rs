//! What the limit of a rule counts: the channels or the posts that it acted on, as ids.

use super::candidate::Candidate;
use super::issuer::Issuer;
use super::subject::Subject;
use crate::decode::Post;
use crate::record::SubjectKind;

/// What a rule acts on with this post. `of`: what its limit counts.
#[must_use]
pub fn acted_on(of: SubjectKind, post: &Post<'_>, issuer: &Issuer) -> String {
    match of {
        SubjectKind::Post => issuer.post(&post.channel.id, &post.id),
        SubjectKind::Channel | SubjectKind::Account => post.channel.id.clone().into_owned(),
    }
}

impl Candidate {
    /// The same of an event that waited. One about an account names no channel, so that the account
    /// stands for it.
    #[must_use]
    pub fn acted_on(&self, of: SubjectKind, issuer: &Issuer) -> String {
        let Subject { kind, id, channel, .. } = &self.event.basis().subject;
        match (of, channel) {
            (SubjectKind::Post, Some(channel)) => issuer.post(channel, id),
            (_, Some(channel)) => channel.clone(),
            (SubjectKind::Channel, None) if kind == SubjectKind::Channel.name() => id.clone(),
            (_, None) => format!("{kind}/{id}"),
        }
    }
}
