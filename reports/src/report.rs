use std::io;

use meshproof_model::Event;

/// One way to tell a run: a fold over its events.
pub trait Report: Send {
    /// Takes in the next event.
    ///
    /// # Errors
    /// When the report cannot be written, or the events contradict each other.
    fn see(&mut self, event: &Event) -> io::Result<()>;

    /// Writes what could not be written before the end, whether the run came to its end or not.
    ///
    /// # Errors
    /// When the report cannot be written.
    fn finish(self: Box<Self>) -> io::Result<()>;
}
