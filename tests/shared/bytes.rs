//! Choices made from bytes. One reader serves the laws (bytes from proptest), the fuzz targets (bytes from the fuzzer) and the
//! seeded tests (bytes from [`XorShift`]). Zero always means the plainest choice and a reader that runs dry gives zeros, so
//! shorter and smaller inputs are simpler ones, which is what makes failures shrink.

use setpoint::Timestamp;

/// Doubles that break careless arithmetic.
pub const ODD: [f64; 14] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    0.0,
    -0.0,
    -1.0,
    -1e9,
    5e-324,
    1e-12,
    1e15,
    9.3e18,
    1e300,
    f64::MAX,
    f64::MIN,
];

/// A reader of choices.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a> {
    data: &'a [u8],
}

impl<'a> Bytes<'a> {
    /// A reader of `data`.
    pub fn new(data: &'a [u8]) -> Self {
        Self { data }
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// What is left.
    pub fn rest(&self) -> &'a [u8] {
        self.data
    }

    /// The next byte, or 0.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.data.split_first() else { return 0 };
        self.data = rest;
        *first
    }

    /// True in about `of_256` of 256 cases, and false for a zero byte.
    pub fn chance(&mut self, of_256: u8) -> bool {
        self.byte() > 255 - of_256
    }

    /// A number below `n`, which is at most 256.
    pub fn below(&mut self, n: usize) -> usize {
        usize::from(self.byte()) % n.max(1)
    }

    /// One of the items; the first for a zero byte.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// Sixteen bits.
    pub fn short(&mut self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()])
    }

    /// Any whole number.
    pub fn long(&mut self) -> i64 {
        i64::from_le_bytes(core::array::from_fn(|_| self.byte()))
    }

    /// A double from 0 to `scale`, or now and then one of the [`ODD`] ones, or any bits at all.
    pub fn float(&mut self, scale: f64) -> f64 {
        match self.byte() {
            0..=219 => f64::from(self.short()) / 65_535.0 * scale,
            220..=249 => self.pick(&ODD),
            _ => f64::from_bits(self.long().cast_unsigned()),
        }
    }

    /// A count of 0 to 200, or now and then one that is far beyond.
    pub fn count(&mut self) -> u32 {
        match self.byte() {
            249..=253 => u32::from(self.short()),
            254 => i32::MAX.cast_unsigned(),
            255 => u32::MAX,
            n => u32::from(n) % 201,
        }
    }

    /// An instant within the hour before `now`, now and then one after it or far away.
    pub fn instant(&mut self, now: Timestamp) -> Timestamp {
        let ms = now.as_millis();
        Timestamp::from_millis(match self.byte() {
            0..=239 => ms.saturating_sub(i64::from(self.short()) * 55),
            240..=249 => ms.saturating_add(i64::from(self.short())),
            _ => self.long(),
        })
    }
}

/// A small random source with a fixed sequence: Marsaglia's xorshift of 64 bits with the shifts 13, 7, 17.
#[derive(Clone, Copy, Debug)]
pub struct XorShift(u64);

impl XorShift {
    /// A source that starts at `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// `len` bytes.
    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| (self.next_u64() >> 24) as u8).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dry_reader_gives_the_plainest_choices() {
        let mut dry = Bytes::new(&[]);
        assert!(!dry.chance(255) && dry.is_empty());
        assert_eq!((dry.below(7), dry.count(), dry.float(3.0)), (0, 0, 0.0));
    }

    #[test]
    fn the_random_source_has_a_fixed_sequence() {
        let mut source = XorShift::new(1);
        assert_eq!(source.next_u64(), 1_082_269_761);
        assert_eq!(source.next_u64(), 1_152_992_998_833_853_505);
    }
}
