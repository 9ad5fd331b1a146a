//! The mutants: a name, what it is done to, what is done, what must be found.

use super::*;

pub(super) const MUTANTS: &[Mutant] = &[
    (
        "drop an event",
        Base::Queue,
        |p| p.lose(p.plain[3]),
        &[LostAcknowledged, LostEffect],
    ),
    (
        "drop what comes first",
        Base::Queue,
        |p| p.lose(p.first_of_a_producer()),
        &[LostAcknowledged, LostEffect],
    ),
    (
        "drop what comes last",
        Base::Queue,
        |p| p.lose(*p.plain.last().unwrap()),
        &[LostAcknowledged, LostEffect],
    ),
    (
        "drop all",
        Base::Queue,
        |p| {
            p.story.records.retain(|r| {
                !matches!(
                    r.kind,
                    Kind::Deliver | Kind::Ack | Kind::Nack | Kind::DeadLetter | Kind::Effect
                )
            })
        },
        &[LostAcknowledged],
    ),
    (
        "repeat an event",
        Base::Queue,
        |p| p.repeat(p.plain[2]),
        &[DuplicateDelivery],
    ),
    (
        "repeat an event that was not settled",
        Base::Queue,
        |p| p.repeat_unsettled(p.plain[2]),
        &[DuplicateDelivery],
    ),
    (
        "a loss beside a duplicate: the counts agree",
        Base::Queue,
        |p| {
            p.lose(p.plain[1]);
            p.repeat(p.plain[5]);
        },
        &[LostAcknowledged, DuplicateDelivery, LostEffect],
    ),
    (
        "a loss beside a phantom: the counts agree",
        Base::Queue,
        |p| {
            p.lose(p.plain[1]);
            p.forge(0, 10_000);
        },
        &[LostAcknowledged, Phantom, LostEffect],
    ),
    (
        "forge an event",
        Base::Queue,
        |p| p.forge(0, 10_000),
        &[Phantom],
    ),
    (
        "forge one far away",
        Base::Queue,
        |p| p.forge(0, 2_000_000_000),
        &[Phantom],
    ),
    (
        "forge one of nobody",
        Base::Queue,
        |p| {
            p.story.names.producers.number("nobody", 100);
            p.forge(u16::try_from(PRODUCERS).unwrap(), 0);
        },
        &[Phantom],
    ),
    (
        "forge an effect",
        Base::Queue,
        |p| {
            let event = Identity {
                producer: 0,
                epoch: 0,
                sequence: 10_000,
            };
            p.story.push(Kind::Effect, PRODUCERS, event);
        },
        &[Phantom],
    ),
    (
        "swap two payloads",
        Base::Queue,
        |p| p.swap_payloads(p.plain[0], p.plain[1]),
        &[SwappedPayload],
    ),
    (
        "a payload with another token",
        Base::Queue,
        |p| p.of(p.plain[0], Kind::Deliver).flags |= flag::FORGED,
        &[SwappedPayload],
    ),
    (
        "use an identity twice",
        Base::Queue,
        |p| p.reuse(p.plain[0], 0),
        &[IdentityReused],
    ),
    (
        "resend other bytes",
        Base::Queue,
        |p| p.reuse(p.plain[0], flag::RESEND),
        &[IdentityReused],
    ),
    (
        "fail what is delivered",
        Base::Queue,
        |p| p.of(p.plain[0], Kind::Published).kind = Kind::PublishFailed,
        &[FailedYetVisible],
    ),
    (
        "an effect twice",
        Base::Queue,
        |p| p.copy_to_end(p.plain[0], Kind::Effect),
        &[DuplicateEffect],
    ),
    (
        "no effect",
        Base::Queue,
        |p| p.remove(p.plain[0], Kind::Effect),
        &[LostEffect],
    ),
    (
        "an effect lost and another twice",
        Base::Queue,
        |p| {
            p.remove(p.plain[0], Kind::Effect);
            p.copy_to_end(p.plain[1], Kind::Effect);
        },
        &[DuplicateEffect, LostEffect],
    ),
    (
        "start a key's events the wrong way round",
        Base::Queue,
        Play::reorder_key,
        &[KeyReorder],
    ),
    (
        "start an effect before its cause",
        Base::Queue,
        Play::reorder_causes,
        &[CausalReorder],
    ),
    (
        "arrive late",
        Base::Queue,
        |p| p.of(p.plain[0], Kind::Deliver).age_us = 2_000_000,
        &[Stale],
    ),
    (
        "send on without acknowledgements",
        Base::Queue,
        Play::acknowledge_at_the_end,
        &[OverCredit],
    ),
    (
        "drop a poison message",
        Base::Queue,
        |p| {
            let poison = p.poison();
            p.remove(poison, Kind::DeadLetter);
        },
        &[LostEffect, PoisonLoss],
    ),
    (
        "dead-letter too early",
        Base::Queue,
        |p| {
            let poison = p.poison();
            p.give_up_early(poison);
        },
        &[DeadLetterWrong],
    ),
    (
        "dead-letter twice",
        Base::Queue,
        |p| {
            let poison = p.poison();
            p.copy_to_end(poison, Kind::DeadLetter);
        },
        &[DeadLetterWrong],
    ),
    (
        "dead-letter as another",
        Base::Queue,
        |p| {
            let poison = p.poison();
            p.of(poison, Kind::DeadLetter).flags |= flag::FORGED;
        },
        &[DeadLetterWrong],
    ),
    (
        "dead-letter what has its effect",
        Base::Queue,
        |p| {
            let poison = p.poison();
            p.story.push(Kind::Effect, PRODUCERS, poison);
        },
        &[DeadLetterWrong],
    ),
    (
        "stand still behind a poison message",
        Base::Queue,
        Play::stand_still,
        &[HeadOfLine, Stale],
    ),
    (
        "evict unread",
        Base::Queue,
        |p| {
            let event = p.plain[4];
            let at = p.index(event, Kind::Published) + 1;
            p.lose(event);
            p.insert(at, Kind::Evict, BROKER, event);
        },
        &[LostAcknowledged, LostEffect, RetentionLoss],
    ),
    (
        "drop an event of a log",
        Base::Log,
        |p| {
            let event = p.inside();
            p.remove(event, Kind::Deliver);
        },
        &[LostAcknowledged, Skip],
    ),
    (
        "go back in a partition",
        Base::Log,
        Play::go_back,
        &[DuplicateDelivery, Rewind],
    ),
    (
        "begin before the committed cursor",
        Base::Log,
        Play::begin_before_the_cursor,
        &[DuplicateDelivery],
    ),
    (
        "append twice",
        Base::Log,
        |p| {
            let event = p.plain[0];
            let offset = 10_000;
            broker::place(p.story.push(Kind::Append, BROKER, event), 0, offset);
        },
        &[DuplicateAppend],
    ),
    (
        "two values at one offset",
        Base::Log,
        Play::another_value,
        &[InconsistentOffset],
    ),
    (
        "append before what was acknowledged",
        Base::Log,
        Play::append_before,
        &[RealTimeReorder],
    ),
    (
        "lose power",
        Base::Log,
        Play::lose_power,
        &[LostAcknowledged, AckBeforeDurable],
    ),
    (
        "hide from a node",
        Base::Log,
        |p| p.hide(p.plain[7]),
        &[ReplicaDivergence],
    ),
    (
        "answer for the broker",
        Base::Log,
        |p| {
            let event = p.plain[0];
            p.swap(event, Kind::Append, Kind::Published);
        },
        &[FalseAck],
    ),
    (
        "answer for the service",
        Base::Webhooks,
        |p| {
            let event = p.plain[0];
            p.swap(event, Kind::Ack, Kind::Published);
        },
        &[FalseAck],
    ),
    (
        "turn a timeout into success",
        Base::Webhooks,
        |p| {
            let event = p.plain[0];
            p.remove(event, Kind::Ack);
            p.remove(event, Kind::Deliver);
        },
        &[LostAcknowledged, FalseAck],
    ),
    (
        "replay a request",
        Base::Webhooks,
        |p| p.repeat(p.plain[0]),
        &[DuplicateDelivery],
    ),
];
