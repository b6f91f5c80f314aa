//! Which of some boxes stand in one row, and in what order, so that arrows point down and seldom cross.

/// Boxes that are to be arranged, and the arrows between them.
#[derive(Debug, Default)]
pub(super) struct Boxes {
    /// Width and height of each.
    pub(super) sizes: Vec<(f64, f64)>,
    /// From where to where; whether dashed.
    pub(super) arrows: Vec<(usize, usize, bool)>,
    /// Boxes that something from above comes to; whether dashed.
    pub(super) entries: Vec<(usize, bool)>,
    /// Boxes that something goes down from.
    pub(super) exits: Vec<usize>,
}

/// Something that has a place in a row: a box, a bend of an arrow, or the point where an arrow comes in or goes out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) row: usize,
    pub(super) is_box: bool,
}

/// An arrow's way from row to row, downwards.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) items: Vec<usize>,
    /// It points up: the boxes are in a circle.
    pub(super) is_reversed: bool,
    pub(super) is_dashed: bool,
}

/// Boxes, bends and points in rows. The first items are the boxes.
#[derive(Debug, Default)]
pub(super) struct Layers {
    pub(super) items: Vec<Item>,
    pub(super) rows: Vec<Vec<usize>>,
    pub(super) routes: Vec<Route>,
}

/// An arrow takes so much room where it passes boxes by.
const BEND: (f64, f64) = (10.0, 0.0);
/// With more bends than this arrows go straight, over boxes: nobody can read such a picture anyway.
const MOST_BENDS: usize = 20_000;
/// How often rows are put in order, by the row above and by the row below.
const SWEEPS: usize = 8;

impl Layers {
    pub(super) fn of(boxes: &Boxes) -> Self {
        let (arrows, reversed) = without_circles(boxes);
        let rows = rows(boxes, &arrows);
        let mut layers = Self::default();
        for (&(width, height), &row) in boxes.sizes.iter().zip(&rows) {
            layers.add(Item { width, height, row, is_box: true });
        }
        let last = rows.iter().max().map_or(0, |row| row + 1);
        let ends: usize = arrows.iter().map(|(from, to, _)| rows[*to].abs_diff(rows[*from])).sum();
        let entries: usize = boxes.entries.iter().map(|(to, _)| rows[*to]).sum();
        let exits: usize = boxes.exits.iter().map(|from| last - rows[*from]).sum();
        let with_bends = ends + entries + exits <= MOST_BENDS;
        for (&(from, to, is_dashed), &is_reversed) in arrows.iter().zip(&reversed) {
            layers.route(from, to, with_bends, Route { items: Vec::new(), is_reversed, is_dashed });
        }
        for &(to, is_dashed) in &boxes.entries {
            let point = layers.add(Item { width: BEND.0, height: BEND.1, row: 0, is_box: false });
            layers.route(point, to, with_bends, Route { items: Vec::new(), is_reversed: false, is_dashed });
        }
        for &from in &boxes.exits {
            let point = layers.add(Item { width: BEND.0, height: BEND.1, row: last, is_box: false });
            layers.route(
                from,
                point,
                with_bends,
                Route { items: Vec::new(), is_reversed: false, is_dashed: false },
            );
        }
        layers.order();
        layers
    }

    fn add(&mut self, item: Item) -> usize {
        let place = self.items.len();
        if self.rows.len() <= item.row {
            self.rows.resize_with(item.row + 1, Vec::new);
        }
        self.rows[item.row].push(place);
        self.items.push(item);
        place
    }

    fn route(&mut self, from: usize, to: usize, with_bends: bool, mut route: Route) {
        route.items.push(from);
        if with_bends {
            for row in self.items[from].row + 1..self.items[to].row {
                let bend = self.add(Item { width: BEND.0, height: BEND.1, row, is_box: false });
                route.items.push(bend);
            }
        }
        route.items.push(to);
        self.routes.push(route);
    }

    /// For each item, those of the row above and of the row below that arrows lead to.
    pub(super) fn neighbours(&self) -> (Vec<Vec<usize>>, Vec<Vec<usize>>) {
        let mut above = vec![Vec::new(); self.items.len()];
        let mut below = vec![Vec::new(); self.items.len()];
        for route in &self.routes {
            for pair in route.items.windows(2) {
                if let [upper, lower] = *pair {
                    below[upper].push(lower);
                    above[lower].push(upper);
                }
            }
        }
        (above, below)
    }

    /// Puts each row in an order in which few arrows cross, by sweeping down and up.
    fn order(&mut self) {
        let (above, below) = self.neighbours();
        let mut position = vec![0.0; self.items.len()];
        self.write_positions(&mut position);
        let mut best = self.rows.clone();
        let mut fewest = self.crossings(&below, &position);
        for sweep in 0..SWEEPS {
            if fewest == 0 {
                break;
            }
            let downwards = sweep % 2 == 0;
            let neighbours = if downwards { &above } else { &below };
            let order: Vec<usize> =
                if downwards { (0..self.rows.len()).collect() } else { (0..self.rows.len()).rev().collect() };
            for row in order {
                let mut wanted: Vec<(f64, usize)> = self.rows[row]
                    .iter()
                    .map(|item| (mean(&neighbours[*item], &position).unwrap_or(position[*item]), *item))
                    .collect();
                // Stable: equal ones stay as they are.
                wanted.sort_by(|one, two| one.0.total_cmp(&two.0));
                self.rows[row] = wanted.into_iter().map(|(_, item)| item).collect();
                for (place, item) in self.rows[row].iter().enumerate() {
                    position[*item] = as_f64(place);
                }
            }
            let crossings = self.crossings(&below, &position);
            if crossings < fewest {
                fewest = crossings;
                best.clone_from(&self.rows);
            }
        }
        self.rows = best;
    }

    fn write_positions(&self, position: &mut [f64]) {
        for row in &self.rows {
            for (place, item) in row.iter().enumerate() {
                position[*item] = as_f64(place);
            }
        }
    }

    /// How many arrows cross between neighbouring rows.
    fn crossings(&self, below: &[Vec<usize>], position: &[f64]) -> usize {
        let mut crossings = 0;
        for row in &self.rows {
            let mut ends: Vec<usize> = Vec::new();
            for item in row {
                let mut lower: Vec<usize> = below[*item].iter().map(|to| place_of(position[*to])).collect();
                lower.sort_unstable();
                ends.extend(lower);
            }
            crossings += inversions(&ends);
        }
        crossings
    }
}

/// The arrows, turned around where they close a circle; and which were.
fn without_circles(boxes: &Boxes) -> (Vec<(usize, usize, bool)>, Vec<bool>) {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Not,
        Open,
        Closed,
    }
    let mut leaving = vec![Vec::new(); boxes.sizes.len()];
    for (number, (from, ..)) in boxes.arrows.iter().enumerate() {
        leaving[*from].push(number);
    }
    let mut seen = vec![Seen::Not; boxes.sizes.len()];
    let mut reversed = vec![false; boxes.arrows.len()];
    for start in 0..boxes.sizes.len() {
        if seen[start] != Seen::Not {
            continue;
        }
        seen[start] = Seen::Open;
        let mut path = vec![(start, 0)];
        while let Some((at, next)) = path.last_mut() {
            let Some(&number) = leaving[*at].get(*next) else {
                seen[*at] = Seen::Closed;
                path.pop();
                continue;
            };
            *next += 1;
            let to = boxes.arrows[number].1;
            match seen[to] {
                Seen::Not => {
                    seen[to] = Seen::Open;
                    path.push((to, 0));
                }
                Seen::Open => reversed[number] = true,
                Seen::Closed => {}
            }
        }
    }
    let turned = boxes.arrows.iter().zip(&reversed).map(|(&(from, to, dashed), &reversed)| {
        if reversed { (to, from, dashed) } else { (from, to, dashed) }
    });
    (turned.collect(), reversed)
}

/// The row of each box: below all that leads to it; and what leads to few only, near to these.
fn rows(boxes: &Boxes, arrows: &[(usize, usize, bool)]) -> Vec<usize> {
    let count = boxes.sizes.len();
    let mut before = vec![Vec::new(); count];
    let mut after = vec![Vec::new(); count];
    for &(from, to, _) in arrows {
        before[to].push(from);
        after[from].push(to);
    }
    // The first row is left to what comes from above.
    let first = usize::from(!boxes.entries.is_empty());
    let mut missing: Vec<usize> = before.iter().map(Vec::len).collect();
    let mut order: Vec<usize> = (0..count).filter(|at| missing[*at] == 0).collect();
    let mut rows = vec![first; count];
    let mut done = 0;
    while let Some(&at) = order.get(done) {
        done += 1;
        for &to in &after[at] {
            rows[to] = rows[to].max(rows[at] + 1);
            missing[to] -= 1;
            if missing[to] == 0 {
                order.push(to);
            }
        }
    }
    // What hangs from above is not moved; a line of boxes from a beginning of its own is, down to where it is needed.
    let mut is_hung = vec![false; count];
    for (to, _) in &boxes.entries {
        is_hung[*to] = true;
    }
    let mut is_loose = vec![false; count];
    for &at in &order {
        is_loose[at] = !is_hung[at]
            && match before[at].as_slice() {
                [] => true,
                [only] => is_loose[*only] && after[*only].len() == 1,
                _ => false,
            };
    }
    for &at in order.iter().rev() {
        if let (true, Some(next)) = (is_loose[at], after[at].iter().map(|to| rows[*to]).min()) {
            rows[at] = next.saturating_sub(1).max(rows[at]);
        }
    }
    rows
}

/// How many pairs are in the wrong order, in n log n.
fn inversions(numbers: &[usize]) -> usize {
    let size = numbers.iter().max().map_or(0, |most| most + 1);
    let mut tree = vec![0_usize; size + 1];
    let mut found = 0;
    for (seen, &number) in numbers.iter().enumerate() {
        // How many of those before are not larger.
        let mut at = number + 1;
        let mut smaller = 0;
        while at > 0 {
            smaller += tree[at];
            at &= at - 1;
        }
        found += seen - smaller;
        let mut at = number + 1;
        while at <= size {
            tree[at] += 1;
            at += at & at.wrapping_neg();
        }
    }
    found
}

fn mean(items: &[usize], position: &[f64]) -> Option<f64> {
    (!items.is_empty()).then(|| items.iter().map(|item| position[*item]).sum::<f64>() / as_f64(items.len()))
}

/// Places of rows are small.
#[expect(clippy::cast_precision_loss, reason = "no row has 2^52 places")]
pub(super) fn as_f64(place: usize) -> f64 {
    place as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was a place")]
fn place_of(position: f64) -> usize {
    position as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxes(count: usize, arrows: &[(usize, usize)]) -> Boxes {
        Boxes {
            sizes: vec![(100.0, 40.0); count],
            arrows: arrows.iter().map(|&(from, to)| (from, to, false)).collect(),
            ..Boxes::default()
        }
    }

    #[test]
    fn arrows_point_down_even_out_of_a_circle() {
        let layers = Layers::of(&boxes(3, &[(0, 1), (1, 2), (2, 0)]));
        let rows: Vec<usize> = layers.items[..3].iter().map(|item| item.row).collect();
        assert_eq!(rows, [0, 1, 2]);
        let reversed: Vec<bool> = layers.routes.iter().map(|route| route.is_reversed).collect();
        assert_eq!(reversed, [false, false, true]);
        for route in &layers.routes {
            for pair in route.items.windows(2) {
                assert_eq!(layers.items[pair[0]].row + 1, layers.items[pair[1]].row);
            }
        }
    }

    #[test]
    fn what_is_needed_late_begins_late() {
        // 4 is a beginning of its own that only 3 reads.
        let layers = Layers::of(&boxes(5, &[(0, 1), (1, 2), (2, 3), (4, 3)]));
        assert_eq!(layers.items[4].row, 2);
    }

    #[test]
    fn crossings_are_undone() {
        let layers = Layers::of(&boxes(4, &[(0, 3), (1, 2)]));
        assert_eq!(layers.rows, [vec![0, 1], vec![3, 2]]);
        assert_eq!(inversions(&[2, 0, 1, 1]), 3);
    }

    #[test]
    fn what_comes_from_outside_has_a_row_of_its_own() {
        let mut all = boxes(2, &[(0, 1)]);
        all.entries = vec![(0, false), (1, true)];
        all.exits = vec![1];
        let layers = Layers::of(&all);
        assert_eq!((layers.items[0].row, layers.items[1].row), (1, 2));
        assert_eq!(layers.rows.len(), 4);
        assert!(Layers::of(&Boxes::default()).rows.is_empty());
    }
}
