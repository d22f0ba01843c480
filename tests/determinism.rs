//! The same inputs give the same bytes on every machine: fixed scripts over every subject, the JSON of all decisions hashed, and
//! the hash compared with the one that is written down here. A difference means that decisions changed: either a defect or a
//! change that belongs in the changelog, together with the new number.

use setpoint_tests::{Player, Script, Subject, XorShift, subjects};

/// One hash per subject.
const EXPECTED: &[(&str, u64)] = &[
    ("fixed", 0xa345_ecfa_c87b_3262),
    ("load", 0xe015_e118_5566_cdc7),
    ("within_bounds", 0x50b0_a0b1_622e_2dc5),
    ("floor", 0x9519_3b5b_ec58_753b),
    ("ceiling", 0xfc6b_186b_c671_2ad6),
    ("zero_or_at_least", 0x46b5_d917_0882_6bee),
    ("cooldown", 0xaf66_2ccb_f9d5_e22c),
    ("cooldown_same_direction", 0x39ff_6e73_a72c_70bb),
    ("largest", 0x54f5_aaed_5426_eda4),
    ("smallest", 0x5347_097b_ac15_c8e4),
    ("first", 0xf3ee_5b9b_1034_a08f),
    ("weighted", 0xfdc2_734d_471a_ee40),
    ("capped", 0xdd4b_7917_0adc_a846),
    ("kthena", 0x78cb_1379_4bf1_affe),
    ("kthena_panic", 0xb59d_8b7a_e163_5f61),
    ("kthena_per_instance", 0x1290_71ca_bd94_9535),
    ("threshold", 0x8697_dea9_742f_db5a),
    ("threshold_set_point", 0xb6c3_f7db_4e97_4e90),
    ("threshold_literal", 0x6437_c415_82cd_9d0f),
];

const SCRIPTS: usize = 60;

/// FNV-1a of 64 bits.
struct Fnv(u64);

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

/// The hash over all decisions of a subject, and how many there were.
fn fingerprint(subject: &Subject) -> (u64, usize) {
    let mut source = XorShift::new(0x5e70_0017);
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    let mut decisions = 0;
    for _ in 0..SCRIPTS {
        let script = Script::from_bytes(&source.bytes(2_400));
        for decision in Player::new((subject.build)()).play_all(&script).iter().flatten() {
            hash.add(serde_json::to_string(decision).expect("decisions have a JSON form").as_bytes());
            hash.add(b"\n");
            decisions += 1;
        }
    }
    (hash.0, decisions)
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let mut wrong = Vec::new();
    for subject in subjects() {
        let (found, decisions) = fingerprint(&subject);
        assert!(decisions > 500, "{}: only {decisions} decisions", subject.name);
        assert_eq!(fingerprint(&subject).0, found, "{}: two runs differ", subject.name);
        let expected = EXPECTED.iter().find(|(name, _)| *name == subject.name).map(|(_, hash)| *hash);
        if expected != Some(found) {
            wrong.push(format!("    (\"{}\", {found:#018x}),", subject.name));
        }
    }
    assert!(
        wrong.is_empty(),
        "decisions differ from what is written down; now they hash to\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_constant_belongs_to_a_subject() {
    let subjects = subjects();
    for (name, _) in EXPECTED {
        assert!(subjects.iter().any(|s| s.name == *name), "{name} is no subject");
    }
    assert_eq!(EXPECTED.len(), subjects.len());
}

#[test]
fn the_fingerprint_sees_a_single_replica() {
    let mut one = Fnv(0);
    let mut other = Fnv(0);
    one.add(br#"{"replicas":4}"#);
    other.add(br#"{"replicas":5}"#);
    assert_ne!(one.0, other.0);
}
