//! The same inputs give the same bytes on every machine: fixed scripts over every subject, the JSON of all decisions hashed, and
//! the hash compared with the one that is written down here. A difference means that decisions changed: either a defect or a
//! change that belongs in the changelog, together with the new number.

use setpoint_tests::{Player, Script, Subject, XorShift, subjects};

/// One hash per subject.
const EXPECTED: &[(&str, u64)] = &[
    ("fixed", 0xa1fd_1a5e_adc7_023c),
    ("load", 0x535b_3249_d8db_e8e9),
    ("within_bounds", 0x0119_0e89_eca4_6ccb),
    ("floor", 0x2f5a_7619_32a2_28c6),
    ("ceiling", 0xa886_19f5_e642_bbfa),
    ("zero_or_at_least", 0xfa08_9b94_973b_42f9),
    ("cooldown", 0xe1bb_2669_976f_443c),
    ("cooldown_same_direction", 0x4353_de75_6b12_0080),
    ("largest", 0x9d91_82b8_c75e_aa4b),
    ("smallest", 0x67af_67d6_36a9_1837),
    ("first", 0x043e_17e1_0f90_7e96),
    ("weighted", 0x3bf6_1c25_9435_9239),
    ("capped", 0x77de_52bd_d72e_330a),
    ("kthena", 0x77b5_55c1_9c17_7545),
    ("kthena_panic", 0x9184_7d2f_9f4a_521a),
    ("kthena_per_instance", 0x4a0d_5ff3_2993_97b0),
    ("aibrix_apa", 0xd31a_6cf8_0038_4e6e),
    ("aibrix_kpa", 0x5877_8df2_49c3_6b28),
    ("bud", 0x7ef0_f71f_3e30_c363),
    ("bud_bounds_last", 0x87b4_98d3_4232_0c22),
    ("bud_kpa", 0xc373_7309_3859_4160),
    ("threshold", 0x7a7d_388c_8f77_ac2e),
    ("threshold_set_point", 0x5c2f_4c6e_132c_4744),
    ("threshold_literal", 0xe613_9964_1134_20de),
    ("largest_of_equals", 0x6b12_c9ce_655f_fefa),
    ("kubeai", 0x9692_1631_0fa6_9f27),
    ("kubeai_cooldown", 0x4ddc_425a_bda2_0b00),
    ("kubeai_weighted", 0x1cba_cbb6_1c04_3b37),
    ("kubeai_smoothed", 0x46ce_3f6a_95c9_8a2d),
    ("kubeai_ignoring", 0xda7b_9152_f1be_934a),
    ("gaussian_values", 0x20e5_c0a6_7557_9acd),
    ("gaussian_window", 0x73f5_e3b0_6028_2636),
    ("stabilization", 0xfff6_e33b_c594_1efa),
    ("rate_limit", 0x7012_eac4_c57b_a7d3),
    ("rate_limit_policies", 0x9abe_c522_7f96_5602),
    ("hpa", 0xe09d_d71c_05be_5ae1),
    ("hpa_cpu", 0x2be9_b79a_34ad_6dbc),
    ("hpa_behavior", 0xecf9_044f_303e_35e6),
    ("hpa_scale_to_zero", 0xb2b1_9d4e_8237_68c7),
    ("kpa", 0x2a74_edfa_7901_0ef1),
    ("kpa_delayed", 0xc33c_b547_0478_7db4),
    ("kpa_never_zero", 0x3b0a_9d2f_63cf_2690),
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
