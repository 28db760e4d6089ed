//! Whether every world can still come to an end.

use ledger_protocol::JobState;

use crate::world::World;

/// Steps that are no faults, backwards, and the worlds in which every job has ended.
#[derive(Default)]
pub(crate) struct Graph {
    pub(crate) edges: Vec<(u32, u32)>,
    pub(crate) ended: Vec<u32>,
}

/// Whether every job is finished, cancelled, or gone.
pub(crate) fn has_ended(world: &World) -> bool {
    let ended = |job: usize| match world.job(job) {
        None => true,
        Some(job) => matches!(job.state, JobState::Finished | JobState::Cancelled),
    };
    ended(0) && ended(1)
}

impl Graph {
    /// The first world, in the order of the search, from which no end can be reached.
    pub(crate) fn first_without_end(mut self, worlds: usize) -> Option<u32> {
        self.edges.sort_unstable();
        let mut can_end = vec![false; worlds];
        let mut open = self.ended.clone();
        for world in &open {
            can_end[*world as usize] = true;
        }
        while let Some(world) = open.pop() {
            let from = self.edges.partition_point(|(to, _)| *to < world);
            for (_, before) in self.edges[from..].iter().take_while(|(to, _)| *to == world) {
                if !can_end[*before as usize] {
                    can_end[*before as usize] = true;
                    open.push(*before);
                }
            }
        }
        let stuck = can_end.iter().position(|can_end| !can_end)?;
        u32::try_from(stuck).ok()
    }
}
