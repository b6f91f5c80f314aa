//! Where the items of rows stand: near to what they are joined with, and apart from each other.

use super::layers::{Layers, as_f64};

/// Between two items of a row.
const GAP: f64 = 22.0;
/// Between two rows, and between a row and where arrows come in or go out.
const ROW_GAP: f64 = 44.0;
const END_GAP: f64 = 22.0;
/// How often items are moved towards those above and those below.
const PASSES: usize = 6;
/// Arrows that pass boxes by are kept straight before boxes are centred.
const WEIGHT_OF_BENDS: f64 = 3.0;
/// What is joined with nothing stays, unless it is in somebody's way.
const WEIGHT_OF_STRAY: f64 = 0.01;

/// Places of items: the middle of each from the left, the top of each row, and the size of all.
#[derive(Debug, Default)]
pub(super) struct Positions {
    pub(super) middles: Vec<f64>,
    /// Top and height of each row.
    pub(super) rows: Vec<(f64, f64)>,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Positions {
    pub(super) fn of(layers: &Layers) -> Self {
        let (above, below) = layers.neighbours();
        let mut middles = vec![0.0; layers.items.len()];
        for row in &layers.rows {
            let mut left = 0.0;
            for item in row {
                middles[*item] = left + layers.items[*item].width / 2.0;
                left += layers.items[*item].width + GAP;
            }
        }
        for pass in 0..PASSES {
            let downwards = pass % 2 == 0;
            let neighbours = if downwards { &above } else { &below };
            let rows: Box<dyn Iterator<Item = &Vec<usize>>> =
                if downwards { Box::new(layers.rows.iter()) } else { Box::new(layers.rows.iter().rev()) };
            for row in rows {
                settle(row, layers, neighbours, &mut middles);
            }
        }
        let edge = |item: usize, side: f64| middles[item] + side * layers.items[item].width / 2.0;
        let all = || 0..layers.items.len();
        let left = all().map(|item| edge(item, -1.0)).fold(f64::INFINITY, f64::min);
        let right = all().map(|item| edge(item, 1.0)).fold(f64::NEG_INFINITY, f64::max);
        let mut rows = Vec::with_capacity(layers.rows.len());
        let mut top = 0.0;
        let has_boxes = |row: &Vec<usize>| row.iter().any(|item| layers.items[*item].is_box);
        for (number, row) in layers.rows.iter().enumerate() {
            let height = row.iter().map(|item| layers.items[*item].height).fold(0.0, f64::max);
            rows.push((top, height));
            top += height;
            if let Some(next) = layers.rows.get(number + 1) {
                top += if has_boxes(row) && has_boxes(next) { ROW_GAP } else { END_GAP };
            }
        }
        if middles.is_empty() {
            return Self::default();
        }
        for middle in &mut middles {
            *middle -= left;
        }
        Self { middles, rows, width: right - left, height: top }
    }
}

/// Moves the items of a row as near to where they are wanted as the others let them, by least squares.
fn settle(row: &[usize], layers: &Layers, neighbours: &[Vec<usize>], middles: &mut [f64]) {
    /// Items that touch: how many, their weight, and where they are wanted together.
    struct Block {
        count: usize,
        weight: f64,
        wanted: f64,
    }
    let mut blocks: Vec<Block> = Vec::new();
    let mut offset = 0.0;
    let mut offsets = Vec::with_capacity(row.len());
    for (place, &item) in row.iter().enumerate() {
        if place > 0 {
            let before = &layers.items[row[place - 1]];
            let gap = if before.is_box || layers.items[item].is_box { GAP } else { GAP / 2.0 };
            offset += f64::midpoint(before.width, layers.items[item].width) + gap;
        }
        offsets.push(offset);
        let near = &neighbours[item];
        let (wanted, weight) = if near.is_empty() {
            (middles[item], WEIGHT_OF_STRAY)
        } else {
            let sum: f64 = near.iter().map(|other| middles[*other]).sum();
            (sum / as_f64(near.len()), if layers.items[item].is_box { 1.0 } else { WEIGHT_OF_BENDS })
        };
        let mut block = Block { count: 1, weight, wanted: wanted - offset };
        // Whoever is wanted left of the one before stands beside it, and both move together.
        while let Some(last) = blocks.pop_if(|last| last.wanted > block.wanted) {
            let weight = last.weight + block.weight;
            block = Block {
                count: last.count + block.count,
                weight,
                wanted: (last.wanted * last.weight + block.wanted * block.weight) / weight,
            };
        }
        blocks.push(block);
    }
    let mut places = row.iter().zip(&offsets);
    for block in blocks {
        for (item, offset) in places.by_ref().take(block.count) {
            middles[*item] = block.wanted + offset;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::layers::Boxes;
    use super::*;

    fn positions(count: usize, arrows: &[(usize, usize)]) -> Positions {
        let arrows = arrows.iter().map(|&(from, to)| (from, to, false)).collect();
        Positions::of(&Layers::of(&Boxes { sizes: vec![(100.0, 40.0); count], arrows, ..Boxes::default() }))
    }

    #[test]
    fn a_line_of_boxes_is_straight() {
        let line = positions(3, &[(0, 1), (1, 2)]);
        assert!(line.middles.iter().all(|middle| (middle - 50.0).abs() < 0.001), "{:?}", line.middles);
        assert!((line.height - 3.0 * 40.0 - 2.0 * ROW_GAP).abs() < 0.001, "{}", line.height);
    }

    #[test]
    fn boxes_never_touch_and_a_parent_stands_in_the_middle() {
        let tree = positions(4, &[(0, 1), (0, 2), (0, 3)]);
        assert!(tree.middles[2] - tree.middles[1] >= 100.0 + GAP - 0.001);
        assert!((tree.middles[0] - tree.middles[2]).abs() < 1.0, "{:?}", tree.middles);
        assert!(positions(0, &[]).middles.is_empty());
    }
}
