//! Which layer of each picture a viewer gets: by what it shows, as far as its link carries. A pure function.
//!
//! `node/upkeep.rs` asks ten times a second and after each change; `slot.rs` carries it out. The link's share is `cap.rs`'s.

/// Temporal layers that a codec can tell: two bits. Source: RFC 7741 §4.2.
pub const TEMPORAL: usize = 4;
/// The highest temporal layer's number.
pub const TEMPORAL_TOP: u8 = 3;
/// A picture may be stretched by so much before the next layer is taken: more pixels would not be seen.
const STRETCHED: f64 = 1.2;
/// Upper layers keep at least this temporal layer, half of the frames: below it the next smaller picture is the better one.
const LEAST_TEMPORAL: u8 = 1;

/// How a viewer shows a slot. `width` and `height` are device pixels; 0 × 0 is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Whether it goes before others when the link is narrow.
    pub pinned: bool,
}

impl Default for View {
    /// At full size: what is shown before the viewer said how.
    fn default() -> Self {
        Self { width: u32::MAX, height: u32::MAX, pinned: false }
    }
}

impl View {
    /// Whether it is shown at all.
    pub fn is_shown(&self) -> bool {
        self.width > 0 && self.height > 0
    }

    /// Whether a picture of this size fills it well enough.
    fn is_filled_by(&self, (width, height): (u16, u16)) -> bool {
        let (across, down) = (f64::from(self.width) / f64::from(width), f64::from(self.height) / f64::from(height));
        across.min(down) <= STRETCHED
    }
}

/// What a slot shall forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// The layer's index in its track.
    pub layer: usize,
    /// The highest temporal layer.
    pub temporal: u8,
    /// The highest temporal layer of another layer, while it runs until this one's key frame comes.
    pub meanwhile: u8,
}

impl Choice {
    /// All of the only layer.
    pub const WHOLE: Self = Self { layer: 0, temporal: TEMPORAL_TOP, meanwhile: TEMPORAL_TOP };
}

/// A layer that is there to be chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rung {
    /// Its index in the track.
    pub layer: usize,
    /// Width and height of its pictures, where known.
    pub size: Option<(u16, u16)>,
    /// What each temporal layer costs, in bit/s; 0 above the highest.
    pub rates_bps: [u64; TEMPORAL],
}

impl Rung {
    /// What it costs up to a temporal layer.
    pub fn cost_bps(&self, temporal: u8) -> u64 {
        self.rates_bps.iter().take(usize::from(temporal) + 1).sum()
    }

    fn top(&self) -> u8 {
        self.rates_bps.iter().rposition(|rate| *rate > 0).unwrap_or(0) as u8
    }
}

/// What a slot had until now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Its source is new.
    Fresh,
    /// It was paused.
    Paused,
    /// This was forwarded, or awaited.
    At(Choice),
}

/// A slot with a picture in it.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// What there is, lowest first.
    pub ladder: &'a [Rung],
    /// How it is shown.
    pub view: View,
    /// What it was to have until now.
    pub standing: Standing,
    /// The layer that is forwarded.
    pub running: Option<usize>,
}

impl Wish<'_> {
    /// How good a choice is: by the layer's place in the ladder, then by its temporal layers.
    pub fn rank(&self, choice: Option<Choice>) -> Option<(Option<usize>, u8)> {
        let choice = choice?;
        Some((self.ladder.iter().position(|rung| rung.layer == choice.layer), choice.temporal))
    }
}

/// What the link has for pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Bit/s.
    pub bps: u64,
    /// How much more than it has anything may get.
    pub rise: Rise,
}

/// How far pictures may rise above what they have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rise {
    /// As far as the link carries.
    Free,
    /// By one step: the link was full not long ago, and what it carries is tried.
    Step,
    /// Not at all.
    Not,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    layer: usize,
    temporal: u8,
    cost: u64,
}

/// What each wish gets; none pauses its slot. Pinned ones come first, then all rise step by step, temporal layers before
/// spatial ones.
pub fn choose(wishes: &[Wish<'_>], budget: Budget) -> Vec<Option<Choice>> {
    let steps: Vec<Vec<Step>> = wishes.iter().map(steps).collect();
    let mut order: Vec<usize> = (0..wishes.len()).collect();
    order.sort_by_key(|index| wishes.get(*index).is_none_or(|wish| !wish.view.pinned));
    let ceilings: Vec<usize> = wishes.iter().zip(&steps).map(|(wish, steps)| ceiling(wish, steps, budget)).collect();
    let mut climb = Climb { steps: &steps, ceilings: &ceilings, levels: vec![0; wishes.len()], left: budget.bps };
    for index in &order {
        climb.rise(*index);
    }
    for index in order.iter().filter(|index| wishes.get(**index).is_some_and(|wish| wish.view.pinned)) {
        while climb.rise(*index) {}
    }
    // Not `any`: each has its turn.
    while order.iter().filter(|index| climb.rise(**index)).count() > 0 {}
    let chosen = climb.levels.iter().zip(&steps).map(|(level, steps)| steps.get(level.checked_sub(1)?).copied());
    chosen.zip(wishes).map(|(step, wish)| step.map(|step| settle(step, wish))).collect()
}

/// What a wish may get, cheapest first: the temporal layers of the lowest picture, of the next, up to the one that fills its view.
fn steps(wish: &Wish<'_>) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (index, rung) in wanted(wish).iter().enumerate() {
        let least = if index == 0 { 0 } else { LEAST_TEMPORAL.min(rung.top()) };
        for temporal in least..=rung.top() {
            let step = Step { layer: rung.layer, temporal, cost: rung.cost_bps(temporal) };
            // A smaller picture that costs more than a larger one is no step towards it.
            while steps.last().is_some_and(|last| last.layer != step.layer && last.cost >= step.cost.max(1)) {
                steps.pop();
            }
            steps.push(step);
        }
    }
    if let Some(last) = steps.last_mut() {
        // Whatever temporal layers there will be are wanted of the best picture.
        last.temporal = TEMPORAL_TOP;
    }
    steps
}

/// The part of the ladder up to the smallest picture that fills the view, with all of that size.
fn wanted<'a>(wish: &Wish<'a>) -> &'a [Rung] {
    if !wish.view.is_shown() {
        return &[];
    }
    let fills = |rung: &Rung| rung.size.is_some_and(|size| wish.view.is_filled_by(size));
    let Some(first) = wish.ladder.iter().position(fills) else { return wish.ladder };
    let size = wish.ladder.get(first).and_then(|rung| rung.size);
    let last = wish.ladder.iter().rposition(|rung| rung.size == size).unwrap_or(first);
    wish.ladder.get(..=last).unwrap_or(wish.ladder)
}

/// How many of its steps a wish may take: those that it has, and what it may rise; the first one where its source is new.
fn ceiling(wish: &Wish<'_>, steps: &[Step], budget: Budget) -> usize {
    let has = match wish.standing {
        Standing::Fresh => 1,
        Standing::Paused => 0,
        Standing::At(choice) => steps
            .iter()
            .rposition(|step| step.layer == choice.layer && step.temporal <= choice.temporal)
            .map_or(1, |index| index + 1),
    };
    match budget.rise {
        Rise::Free => steps.len(),
        Rise::Step => steps.len().min(has + 1),
        Rise::Not => steps.len().min(has),
    }
}

struct Climb<'a> {
    steps: &'a [Vec<Step>],
    ceilings: &'a [usize],
    levels: Vec<usize>,
    left: u64,
}

impl Climb<'_> {
    /// One step up, if it is allowed and affordable.
    fn rise(&mut self, index: usize) -> bool {
        let (Some(steps), Some(ceiling)) = (self.steps.get(index), self.ceilings.get(index)) else { return false };
        let Some(level) = self.levels.get_mut(index).filter(|level| **level < *ceiling) else { return false };
        let has = level.checked_sub(1).and_then(|below| steps.get(below)).map_or(0, |step| step.cost);
        let more = steps.get(*level).map_or(0, |step| step.cost.saturating_sub(has));
        if more > self.left {
            return false;
        }
        self.left -= more;
        *level += 1;
        true
    }
}

/// While the wanted picture's key frame is awaited the present one goes on; only its base layer, where it is the larger one.
fn settle(step: Step, wish: &Wish<'_>) -> Choice {
    let place = |layer: usize| wish.ladder.iter().position(|rung| rung.layer == layer);
    let falls = wish.running.is_some_and(|running| place(running) > place(step.layer));
    Choice { layer: step.layer, temporal: step.temporal, meanwhile: if falls { 0 } else { TEMPORAL_TOP } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 320×180 at 150, 640×360 at 500 and 1280×720 at 1,500 kbit/s; of each half in the base layer, a quarter in each other.
    fn ladder() -> [Rung; 3] {
        [(0, (320, 180), 150_000), (1, (640, 360), 500_000), (2, (1280, 720), 1_500_000)]
            .map(|(layer, size, bps)| Rung { layer, size: Some(size), rates_bps: [bps / 2, bps / 4, bps / 4, 0] })
    }

    fn view(width: u32, height: u32) -> View {
        View { width, height, pinned: false }
    }

    fn layers(wishes: &[Wish<'_>], bps: u64) -> Vec<Option<(usize, u8)>> {
        let chosen = choose(wishes, Budget { bps, rise: Rise::Free });
        chosen.into_iter().map(|choice| choice.map(|choice| (choice.layer, choice.temporal))).collect()
    }

    #[test]
    fn a_tile_gets_the_smallest_picture_that_fills_it() {
        let ladder = ladder();
        let wish = |width, height| Wish {
            ladder: &ladder,
            view: view(width, height),
            standing: Standing::Fresh,
            running: None,
        };
        let wishes = [wish(300, 170), wish(380, 500), wish(700, 400), wish(1900, 1000), wish(0, 0)];
        let chosen = layers(&wishes, u64::MAX);
        assert_eq!(chosen, [Some((0, 3)), Some((0, 3)), Some((1, 3)), Some((2, 3)), None]);
    }

    #[test]
    fn of_two_rungs_of_one_size_the_better_is_wanted() {
        let mut ladder = ladder();
        ladder[1].size = Some((1280, 720));
        let wish = Wish { ladder: &ladder, view: view(1280, 720), standing: Standing::Fresh, running: None };
        assert_eq!(layers(&[wish], u64::MAX), [Some((2, 3))]);
        assert_eq!(layers(&[wish], 600_000), [Some((1, 2))]);
    }

    #[test]
    fn temporal_layers_go_before_spatial_ones() {
        let ladder = ladder();
        let wish = Wish { ladder: &ladder, view: View::default(), standing: Standing::Fresh, running: None };
        let by_link = [2_000_000, 1_400_000, 1_200_000, 1_100_000, 400_000, 300_000, 100_000, 50_000];
        let chosen: Vec<_> = by_link.into_iter().flat_map(|bps| layers(&[wish], bps)).collect();
        let layers = [(2, 3), (2, 1), (2, 1), (1, 2), (1, 1), (0, 2), (0, 0)];
        let mut expected: Vec<_> = layers.into_iter().map(Some).collect();
        expected.push(None);
        assert_eq!(chosen, expected);
    }

    #[test]
    fn a_pinned_picture_comes_first_and_the_others_share_the_rest() {
        let ladder = ladder();
        let mut wishes = [Wish { ladder: &ladder, view: View::default(), standing: Standing::Fresh, running: None }; 3];
        wishes[1].view.pinned = true;
        assert_eq!(layers(&wishes, 1_800_000), [Some((0, 2)), Some((2, 3)), Some((0, 2))]);
    }

    #[test]
    fn nothing_rises_while_it_may_not() {
        let ladder = ladder();
        let at = Choice { layer: 1, temporal: 1, meanwhile: 3 };
        let standings = [Standing::At(at), Standing::Fresh, Standing::Paused];
        let wishes = standings.map(|standing| Wish { ladder: &ladder, view: View::default(), standing, running: None });
        let chosen = choose(&wishes, Budget { bps: u64::MAX, rise: Rise::Not });
        let layers = |chosen: Vec<Option<Choice>>| -> Vec<_> {
            chosen.into_iter().map(|choice| choice.map(|choice| (choice.layer, choice.temporal))).collect()
        };
        assert_eq!(layers(chosen), [Some((1, 1)), Some((0, 0)), None]);
        let stepped = choose(&wishes, Budget { bps: u64::MAX, rise: Rise::Step });
        assert_eq!(layers(stepped), [Some((1, 2)), Some((0, 1)), Some((0, 0))]);
    }

    #[test]
    fn a_larger_picture_that_must_go_is_thinned_until_it_has_gone() {
        let ladder = ladder();
        let at = Choice { layer: 2, temporal: 3, meanwhile: 3 };
        let wish = Wish { ladder: &ladder, view: View::default(), standing: Standing::At(at), running: Some(2) };
        let chosen = choose(&[wish], Budget { bps: 600_000, rise: Rise::Free });
        assert_eq!(chosen, [Some(Choice { layer: 1, temporal: 2, meanwhile: 0 })]);
    }

    proptest! {
        /// No more is spent than there is, and more is never worse for what is alone.
        #[test]
        fn stays_within_the_link(bps in 0u64..6_000_000, count in 1usize..8, pinned in 0usize..8) {
            let ladder = ladder();
            let mut wishes = vec![Wish { ladder: &ladder, view: View::default(), standing: Standing::Fresh, running: None }; count];
            if let Some(wish) = wishes.get_mut(pinned) {
                wish.view.pinned = true;
            }
            let chosen = choose(&wishes, Budget { bps, rise: Rise::Free });
            let spent: u64 = chosen.iter().flatten().map(|choice| ladder[choice.layer].cost_bps(choice.temporal)).sum();
            prop_assert!(spent <= bps);
            let rank = |choices: &[Option<Choice>]| choices[0].map(|choice| (choice.layer, choice.temporal));
            let more = choose(&wishes[..1], Budget { bps: bps + 100_000, rise: Rise::Free });
            let less = choose(&wishes[..1], Budget { bps, rise: Rise::Free });
            prop_assert!(rank(&more) >= rank(&less));
        }
    }
}
