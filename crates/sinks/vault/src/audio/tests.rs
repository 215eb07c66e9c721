//! WAV files as switches write them, whole and broken.

use proptest::prelude::*;

use super::{Media, Probe, Sound};

/// A WAV file: format chunk body, what stands before the media, stated length, media.
fn wav(format: &[u8], before: &[u8], stated: u32, media: &[u8]) -> Vec<u8> {
    let mut w = b"RIFF\0\0\0\0WAVEfmt ".to_vec();
    w.extend(u32::try_from(format.len()).unwrap().to_le_bytes());
    w.extend(format);
    w.extend(before);
    w.extend(b"data");
    w.extend(stated.to_le_bytes());
    w.extend(media);
    w
}

fn format(tag: u16, rate: u32, bits: u16, more: &[u8]) -> Vec<u8> {
    let mut f = tag.to_le_bytes().to_vec();
    f.extend([1, 0]);
    f.extend(8000_u32.to_le_bytes());
    f.extend(rate.to_le_bytes());
    f.extend([2, 0]);
    f.extend(bits.to_le_bytes());
    f.extend(more);
    f
}

fn pcm() -> Vec<u8> {
    format(1, 16_000, 16, &[])
}

fn probe(name: &str, bytes: &[u8]) -> Media {
    let mut probe = Probe::new(name);
    probe.feed(bytes);
    probe.finish()
}

#[test]
fn an_extensible_header_is_read_through_its_sub_format() {
    let mut more = vec![22, 0, 16, 0, 4, 0, 0, 0];
    more.extend([1, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]);
    let media = probe("a.wav", &wav(&format(0xfffe, 16_000, 16, &more), &[], 16_000, &[7; 16_000]));
    assert_eq!(media, Media { duration_ms: Some(1000), sound: Sound::Heard, fault: None });
}

#[test]
fn chunks_around_the_media_are_no_media() {
    let list = b"LIST\x04\0\0\0INFO";
    let mut file = wav(&pcm(), list, 1600, &[9; 1600]);
    file.extend(list);
    assert_eq!(probe("a.wav", &file), Media { duration_ms: Some(100), sound: Sound::Heard, fault: None });
}

#[test]
fn more_media_than_stated_is_counted_and_faulted() {
    let media = probe("a.wav", &wav(&pcm(), &[], 160, &[0; 1600]));
    assert_eq!(media.duration_ms, Some(100));
    assert_eq!(media.sound, Sound::Heard, "what was not listened to is not called silent");
    assert!(media.fault.unwrap().contains("more follow"));
}

#[test]
fn codings_have_their_own_lengths_and_silences() {
    let cases: [(&str, Vec<u8>, Option<i64>, Sound); 7] = [
        ("a.WAV", wav(&format(0x31, 1625, 0, &[2, 0, 64, 1]), &[], 650, &[3; 650]), Some(400), Sound::Unknown),
        ("a.gsm", vec![3; 330], Some(200), Sound::Unknown),
        ("a.ulaw", vec![0xff; 8000], Some(1000), Sound::Silent),
        ("a.alaw", [0xd5, 0x55, 0x12, 0x34].repeat(2000), Some(1000), Sound::Heard),
        ("a.sln", vec![0; 16_000], Some(1000), Sound::Silent),
        ("a.wav", wav(&format(7, 8000, 8, &[]), &[], 800, &[0x7f; 800]), Some(100), Sound::Silent),
        ("a.wav", wav(&pcm(), &[], 4, &[8, 0, 0xf8, 0xff]), Some(0), Sound::Silent),
    ];
    for (name, bytes, duration, sound) in cases {
        let media = probe(name, &bytes);
        assert_eq!((media.duration_ms, media.sound, media.fault), (duration, sound, None), "{name}");
    }
}

#[test]
fn a_rest_of_a_sample_is_a_fault() {
    let media = probe("a.wav", &wav(&pcm(), &[], 0, &[5; 161]));
    assert_eq!(media.duration_ms, Some(10));
    assert!(media.fault.is_some());
    assert!(probe("a.gsm", &[3; 34]).fault.unwrap().contains("1 bytes over"));
}

#[test]
fn nonsense_is_unreadable_and_says_why() {
    let long = [b"RIFF\0\0\0\0WAVEjunk\xff\xff\xff\x7f".to_vec(), vec![0; 100]].concat();
    for bytes in [b"OggS".to_vec(), b"RIFF\0\0\0\0AVI ".to_vec(), b"RIFF".to_vec(), long] {
        let media = probe("a.wav", &bytes);
        assert_eq!((media.duration_ms, media.sound), (None, Sound::Unknown));
        assert!(media.fault.unwrap().starts_with("unreadable"));
    }
    let media = probe("a.wav", &wav(&format(1, 0, 16, &[]), &[], 100, &[9; 100]));
    assert!(media.fault.unwrap().contains("no rate"));
}

fn any_file() -> impl Strategy<Value = Vec<u8>> {
    let media = prop::collection::vec(prop_oneof![3 => Just(0_u8), 1 => any::<u8>()], 0..400);
    let stated = prop_oneof![Just(0_u32), Just(u32::MAX), 0..500_u32];
    let real = (stated, media, prop::collection::vec(any::<u8>(), 0..40))
        .prop_map(|(stated, media, before)| wav(&pcm(), &before, stated, &media));
    prop_oneof![real, prop::collection::vec(any::<u8>(), 0..300)]
}

proptest! {
    #[test]
    fn how_the_bytes_are_cut_changes_nothing(bytes in any_file(), cuts in prop::collection::vec(1..60_usize, 1..20)) {
        let whole = probe("a.wav", &bytes);
        let mut pieces = Probe::new("a.wav");
        let (mut left, mut cuts) = (&bytes[..], cuts.iter().cycle());
        while !left.is_empty() {
            let (now, rest) = left.split_at((*cuts.next().unwrap()).min(left.len()));
            pieces.feed(now);
            left = rest;
        }
        prop_assert_eq!(pieces.finish(), whole);
    }

    #[test]
    fn a_file_cut_short_is_never_called_whole(samples in 1..200_usize, lost in 1..400_usize) {
        let media: Vec<u8> = (0..samples * 2).map(|i| u8::try_from(i % 200).unwrap()).collect();
        let file = wav(&pcm(), &[], u32::try_from(media.len()).unwrap(), &media);
        prop_assert_eq!(probe("a.wav", &file).fault, None);
        let cut = &file[..file.len() - lost.min(file.len())];
        prop_assert!(probe("a.wav", cut).fault.is_some());
    }
}
