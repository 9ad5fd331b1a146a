//! What follows a record in blocks of its own.

use std::io::{self, Write};

use super::{BLOCK, identity_at, u16_at, u32_at, u64_at};
use crate::event_record::{Detail, Identity};

/// Node, partition, offset, assignment, amount, digest.
const PLACE: u8 = 0xf1;
/// Lease and transaction.
const LEASE: u8 = 0xf2;
/// Up to three causes.
const CAUSES: u8 = 0xf3;

/// Writes the blocks of a detail; byte 1 of each tells whether another follows.
pub(super) fn write(out: &mut impl Write, detail: &Detail) -> io::Result<()> {
    let mut blocks = Vec::new();
    let has = |field: bool, bit: u8| if field { bit } else { 0 };
    let mut block = [0; BLOCK];
    block[0] = PLACE;
    block[2] = has(detail.node.is_some(), 1)
        | has(detail.partition.is_some(), 2)
        | has(detail.offset.is_some(), 4)
        | has(detail.assignment.is_some(), 8)
        | has(detail.amount.is_some(), 16)
        | has(detail.digest.is_some(), 32);
    block[4..6].copy_from_slice(&detail.node.unwrap_or_default().to_le_bytes());
    block[8..12].copy_from_slice(&detail.partition.unwrap_or_default().to_le_bytes());
    block[12..16].copy_from_slice(&detail.assignment.unwrap_or_default().to_le_bytes());
    block[16..24].copy_from_slice(&detail.offset.unwrap_or_default().to_le_bytes());
    block[24..32].copy_from_slice(&detail.digest.unwrap_or_default().to_le_bytes());
    // The amount shares its room with the offset: credit is not granted at a place.
    if let (Some(amount), None) = (detail.amount, detail.offset) {
        block[16..20].copy_from_slice(&amount.to_le_bytes());
    } else {
        block[2] &= !16;
    }
    blocks.push(block);
    if detail.lease.is_some() || detail.transaction.is_some() {
        let mut block = [0; BLOCK];
        block[0] = LEASE;
        block[2] = has(detail.lease.is_some(), 1) | has(detail.transaction.is_some(), 2);
        block[8..16].copy_from_slice(&detail.lease.unwrap_or_default().to_le_bytes());
        block[16..24].copy_from_slice(&detail.transaction.unwrap_or_default().to_le_bytes());
        blocks.push(block);
    }
    for causes in detail.causes.chunks(3) {
        let mut block = [0; BLOCK];
        block[0] = CAUSES;
        for (slot, cause) in causes.iter().enumerate() {
            block[2] += 1;
            write_cause(&mut block[8 + slot * 8..16 + slot * 8], *cause);
        }
        blocks.push(block);
    }
    let last = blocks.len() - 1;
    for (index, mut block) in blocks.into_iter().enumerate() {
        block[1] = u8::from(index < last);
        out.write_all(&block)?;
    }
    Ok(())
}

fn write_cause(room: &mut [u8], cause: Identity) {
    room[..2].copy_from_slice(&cause.producer.to_le_bytes());
    room[2..4].copy_from_slice(&cause.epoch.to_le_bytes());
    room[4..].copy_from_slice(&cause.sequence.to_le_bytes());
}

/// Adds a block to a detail: whether another follows, or none where the block is of no known kind.
pub(super) fn take(block: &[u8; BLOCK], detail: &mut Detail) -> Option<bool> {
    let has = |bit: u8| block[2] & bit != 0;
    match block[0] {
        PLACE => {
            detail.node = has(1).then(|| u16_at(block, 4));
            detail.partition = has(2).then(|| u32_at(block, 8));
            detail.assignment = has(8).then(|| u32_at(block, 12));
            detail.offset = has(4).then(|| u64_at(block, 16));
            detail.amount = (has(16) && !has(4)).then(|| u32_at(block, 16));
            detail.digest = has(32).then(|| u64_at(block, 24));
        }
        LEASE => {
            detail.lease = has(1).then(|| u64_at(block, 8));
            detail.transaction = has(2).then(|| u64_at(block, 16));
        }
        CAUSES if block[2] <= 3 => {
            for slot in 0..usize::from(block[2]) {
                let at = 8 + slot * 8;
                detail.causes.push(identity_at(block, at, at + 4));
            }
        }
        _ => return None,
    }
    Some(block[1] != 0)
}
