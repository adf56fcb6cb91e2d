import { describe, expect, it } from 'vitest';
import { policyOf, REPLICAS, World } from './cycle.fixture.ts';

const BUSY = { utilization: 0.95 };
const CALM = { utilization: 0.5 };

describe('the cycle, asked to ask', () => {
  it('proposes once when instances are too busy, with all an approver must see', async () => {
    const world = new World(policyOf(REPLICAS));
    await world.turn(0, CALM);
    expect(world.desk.proposed).toHaveLength(0);
    await world.turn(5_000, BUSY);
    await world.turn(5_000, BUSY);
    expect(world.desk.proposed).toHaveLength(1);
    const [{ content, approvedBy, fence }] = world.desk.proposed as never as [
      (typeof world.desk.proposed)[0],
    ];
    expect(approvedBy).toBeNull();
    expect(fence).toBe(1);
    expect(content).toMatchObject({
      title: 'Scale checkout from 2 to 3 replicas',
      before: 2,
      after: 3,
      unit: 'replicas',
      reason: 'above-setpoint',
      preconditions: { targetVersion: '1', mode: 'target' },
      proposedBy: 'controller:test',
      quorum: 1,
    });
    expect(content.why).toContain('95 %');
    expect(content.evidence[0]).toMatchObject({ signal: 'worker.utilization', value: 0.95 });
    expect(content.evidence[0]?.exampleTraceIds).toHaveLength(1);
    expect(content.prediction.value).toBeCloseTo((0.95 * 2) / 3);
    expect(content.guards.map(({ guard }) => guard)).toContain('cooldown');
    for (const text of [content.undo, content.ifNothing, content.blastRadius.text]) {
      expect(text).not.toBe('');
    }
    expect(content.alternatives.length).toBeGreaterThan(1);
    expect(content.expiresAtMs - content.createdAtMs).toBe(600_000);
  });

  it('withdraws what nobody needs any more, but not at the first calm tick', async () => {
    const world = new World(policyOf(REPLICAS));
    await world.turn(0, BUSY);
    await world.turn(5_000, CALM);
    expect(world.desk.withdrawn).toHaveLength(0);
    await world.turn(5_000, CALM);
    expect(world.desk.withdrawn).toHaveLength(1);
    expect(world.desk.pending.size).toBe(0);
  });

  it('replaces a proposal when another value has been wanted for a while', async () => {
    const world = new World(policyOf(REPLICAS));
    await world.turn(0, { utilization: 0.9 });
    const first = world.desk.proposed[0]?.content;
    expect(first?.after).toBe(3);
    for (const utilization of [1.5, 1.5, 1.5]) await world.turn(5_000, { utilization });
    expect(world.desk.proposed.length).toBe(2);
    expect(world.desk.proposed.at(-1)?.content.after).toBeGreaterThan(3);
  });

  it('is shown the applied value while it waits, and winds nothing up', async () => {
    const world = new World(policyOf(REPLICAS));
    for (let tick = 0; tick < 40; tick++) await world.turn(5_000, { utilization: 0.9 });
    expect(world.desk.proposed).toHaveLength(1);
    expect(world.lastSample()).toMatchObject({ applied: { '': 2 }, bounded: { '': 3 } });
  });

  it('acts on what was carried out: counts it, cools down, judges it', async () => {
    const world = new World(policyOf(REPLICAS));
    await world.turn(0, BUSY);
    await world.carryOut();
    await world.turn(5_000, { utilization: 1.3 });
    expect(world.lastSample()).toMatchObject({ applied: { '': 3 }, reason: 'cooldown-up' });
    await world.turn(5_000, { utilization: 0.6 });
    await world.turn(15_000, { utilization: 0.6 });
    expect(world.desk.judged.map(({ judgement }) => judgement.state)).toEqual(['helped']);
    expect(world.desk.lowered).toHaveLength(0);
  });
});

it('keeps more of a service that was changed, for a while', async () => {
  const world = new World(policyOf(REPLICAS));
  await world.turn(0, BUSY);
  expect(world.boosts.wanted.get('checkout')).toBeNull();
  await world.carryOut();
  await world.turn(1_000, CALM);
  expect(world.boosts.wanted.get('checkout')).toEqual({
    ratio: 1,
    why: 'checkout/replicas was changed',
    maxSpans: 50_000,
  });
  await world.turn(180_000, CALM);
  expect(world.boosts.wanted.get('checkout')).toBeNull();
});

describe('the cycle, when it may not act', () => {
  it('holds while evidence is missing or old, and keeps what is pending', async () => {
    const world = new World(policyOf(REPLICAS));
    await world.turn(0, BUSY);
    world.clock.advance(60_000);
    await world.cycle.run([world.policy], 1);
    expect(world.lastSample()).toMatchObject({ reason: 'evidence-stale', bounded: { '': 2 } });
    world.observer.services.clear();
    world.clock.advance(5_000);
    await world.cycle.run([world.policy], 1);
    expect(world.lastSample()).toMatchObject({ reason: 'evidence-missing' });
    expect(world.desk.pending.size).toBe(1);
    expect(world.desk.proposed).toHaveLength(1);
  });

  it('asks for the least without evidence, and says what it rests on', async () => {
    const world = new World(policyOf(REPLICAS.replace('min: 2', 'min: 4')));
    await world.cycle.run([world.policy], 1);
    const [{ content } = { content: undefined }] = world.desk.proposed;
    expect(content).toMatchObject({ before: 2, after: 4, reason: 'at-min', evidence: [] });
    expect(content?.why).toBe(
      'Worker utilization is not known now: only the least that limits and clock ask for is ' +
        'reached. 4 is the least allowed, not 2.',
    );
    expect(content?.prediction).toMatchObject({
      text: 'Nothing can be predicted without a measure.',
      withinMs: null,
    });
    expect(content?.alternatives).toEqual([
      'Do nothing, and decide again when this expires',
      'The law alone would have stayed at 2; the guards ask for more',
    ]);
    expect(content?.ifNothing).toContain('below the least that its policy asks for');
    const note = content?.guards.find(({ guard }) => guard === 'evidenceAge');
    expect(note).toMatchObject({ effect: 'bounded', before: 2, after: 2 });
    // Nothing to judge it by.
    await world.carryOut();
    world.clock.advance(30_000);
    await world.cycle.run([world.policy], 1);
    expect(world.desk.judged).toMatchObject([
      {
        judgement: {
          state: 'not-judged',
          text: 'Nothing was predicted, for there was no evidence.',
        },
      },
    ]);
  });

  it('predicts nothing from what is too old, and shows it as such', async () => {
    const world = new World(policyOf(REPLICAS.replace('min: 2', 'min: 4')));
    world.observer.show('checkout', world.clock.nowMs(), CALM);
    world.clock.advance(60_000);
    await world.cycle.run([world.policy], 1);
    const [{ content } = { content: undefined }] = world.desk.proposed;
    expect(content).toMatchObject({ after: 4, prediction: { value: null } });
    expect(content?.evidence.length).toBeGreaterThan(0);
    expect(content?.evidence.every(({ freshness }) => freshness === 'historical')).toBe(true);
  });

  it('keeps what was proposed on evidence while it can ask for the least alone', async () => {
    const world = new World(policyOf(REPLICAS.replace('min: 2', 'min: 6')));
    world.replicas.value = 5;
    await world.turn(0, { utilization: 1 });
    const [first] = world.desk.proposed;
    expect(Number(first?.content.after)).toBeGreaterThan(6);
    for (let tick = 0; tick < 6; tick += 1) {
      world.clock.advance(tick === 0 ? 60_000 : 5_000);
      await world.cycle.run([world.policy], 1);
      expect(world.lastSample()).toMatchObject({ reason: 'at-min', bounded: { '': 6 } });
    }
    expect(world.desk.proposed).toHaveLength(1);
    expect(world.desk.pending.get('checkout/replicas')?.content.after).toBe(first?.content.after);
  });

  it('says so when the target is away, and goes on when it is back', async () => {
    const world = new World(policyOf(REPLICAS));
    world.replicas.away = true;
    await world.turn(0, BUSY);
    expect(world.lastSample()).toMatchObject({ reason: 'actuator-away' });
    expect(world.desk.proposed).toHaveLength(0);
    world.replicas.away = false;
    await world.turn(5_000, BUSY);
    expect(world.desk.proposed).toHaveLength(1);
  });

  it('proposes nothing while all automation is stopped, and withdraws what waits', async () => {
    const world = new World(policyOf(REPLICAS));
    await world.turn(0, BUSY);
    world.desk.stopped = true;
    await world.turn(5_000, BUSY);
    expect(world.desk.pending.size).toBe(0);
    expect(world.lastSample()).toMatchObject({ reason: 'hand-control' });
    expect(String(world.lastSample().text)).toContain('user:anna');
    world.desk.stopped = false;
    await world.turn(5_000, BUSY);
    expect(world.desk.pending.size).toBe(1);
  });

  it('only watches as a shadow, and acts alone when it may', async () => {
    const shadow = new World(policyOf(REPLICAS.replace('autonomy: ask', 'autonomy: shadow')));
    await shadow.turn(0, BUSY);
    expect(shadow.lastSample()).toMatchObject({ bounded: { '': 3 }, applied: { '': 2 } });
    expect(shadow.desk.proposed).toHaveLength(0);
    const auto = new World(policyOf(REPLICAS.replace('autonomy: ask', 'autonomy: auto')));
    await auto.turn(0, BUSY);
    expect(auto.desk.proposed[0]?.approvedBy).toBe('policy:auto');
    await auto.turn(5_000, BUSY);
    expect(auto.desk.proposed).toHaveLength(1);
  });

  it('obeys an autonomy per direction, and one that was set at run time', async () => {
    const upAlone = REPLICAS.replace('autonomy: ask', 'autonomy: { up: auto, down: ask }');
    const world = new World(policyOf(upAlone));
    world.replicas.value = 4;
    await confirmDown(world);
    expect(world.desk.proposed[0]).toMatchObject({ approvedBy: null, content: { after: 2 } });
    world.desk.autonomy.set('checkout/replicas', {
      autonomy: { up: 'off', down: 'off' },
      setAtMs: world.clock.nowMs(),
      byPerson: true,
    });
    await world.turn(5_000, { utilization: 0.2 });
    expect(world.lastSample()).toMatchObject({ reason: 'direction-off' });
  });
});

/** A way down is taken when it has been proposed for a minute. */
async function confirmDown(world: World): Promise<void> {
  for (let tick = 0; tick < 40 && world.desk.proposed.length === 0; tick += 1) {
    expect(world.desk.proposed).toEqual([]);
    await world.turn(5_000, { utilization: 0.2 });
  }
}

describe('the cycle and other hands', () => {
  it('stops a loop whose target somebody else changed, until an operator speaks', async () => {
    const world = new World(policyOf(REPLICAS));
    await world.turn(0, CALM);
    world.replicas.turn(5);
    await world.turn(5_000, BUSY);
    expect(world.lastSample()).toMatchObject({ reason: 'foreign-writer' });
    await world.turn(5_000, BUSY);
    expect(world.desk.proposed).toHaveLength(0);
    world.desk.autonomy.set('checkout/replicas', {
      autonomy: { up: 'ask', down: 'ask' },
      setAtMs: world.clock.nowMs() + 1,
      byPerson: true,
    });
    // The signal still shows the two replicas of its window at first.
    for (let tick = 0; tick < 6; tick++) await world.turn(5_000, BUSY);
    expect(world.desk.proposed[0]?.content.before).toBe(5);
  });

  it('does not take its own action for a foreign one', async () => {
    const world = new World(policyOf(REPLICAS));
    await world.turn(0, BUSY);
    world.desk.open.add('checkout/replicas');
    world.replicas.turn(3);
    await world.turn(5_000, BUSY);
    expect(world.lastSample().reason).not.toBe('foreign-writer');
  });

  it('goes on after a restart where the last controller was', async () => {
    const world = new World(policyOf(REPLICAS));
    await world.turn(0, CALM);
    await world.turn(5_000, CALM);
    world.restart();
    world.fence = 2;
    world.replicas.turn(4);
    await world.turn(5_000, CALM);
    expect(world.lastSample()).toMatchObject({ reason: 'foreign-writer' });
    // A leader that was paused finds a newer fence and keeps nothing of its own.
    world.fence = 1;
    await expect(world.turn(5_000, CALM)).rejects.toThrow('newer leader');
  });
});

describe('the cycle and the mode', () => {
  it('degrades with cause and evidence, boosts sampling, recovers and lets go', async () => {
    const world = new World(policyOf(REPLICAS));
    for (let second = 0; second < 6; second++) await world.turn(1_000, { utilization: 0.99 });
    const [down] = world.recorder.of('flyball_mode_history');
    expect(down).toMatchObject({
      from_mode: 'target',
      to_mode: 'degraded',
      dimension: 'resilience',
    });
    expect(String(down?.cause)).toContain('99 %');
    expect(JSON.parse(String(down?.evidence))[0]).toMatchObject({ signal: 'worker.utilization' });
    expect(world.boosts.wanted.get('checkout')).toEqual({
      ratio: 1,
      why: 'mode degraded',
      maxSpans: 200_000,
      lookBackMs: 300_000,
    });
    for (let second = 0; second < 30; second++) await world.turn(1_000, CALM);
    const path = world.recorder.of('flyball_mode_history').map((row) => row.to_mode);
    expect(path).toEqual(['degraded', 'recovery', 'target']);
    expect(world.boosts.wanted.get('checkout')).toBeNull();
    expect(world.recorder.of('flyball_mode_samples')).toHaveLength(36);
  });

  it('holds the mode while the telemetry is away', async () => {
    const world = new World(policyOf(REPLICAS));
    await world.turn(1_000, CALM);
    world.observer.services.clear();
    world.observer.failures = { red: 'away', gauges: 'away', slo: 'away', edges: 'away' };
    for (let second = 0; second < 100; second++) {
      world.clock.advance(1_000);
      await world.cycle.run([world.policy], 1);
    }
    expect(world.recorder.of('flyball_mode_history')).toHaveLength(0);
  });
});

describe('a change that harmed', () => {
  it('is undone when it is still in force, and its loop asks from now on', async () => {
    const auto = new World(policyOf(REPLICAS.replace('autonomy: ask', 'autonomy: auto')));
    auto.replicas.value = 4;
    await confirmDown(auto);
    await auto.carryOut();
    expect(auto.replicas.value).toBe(2);
    await auto.turn(20_000, { utilization: 0.9 });
    expect(auto.desk.judged[0]?.judgement.state).toBe('harmed');
    expect(auto.desk.lowered[0]).toMatchObject({
      loopId: 'checkout/replicas',
      to: { up: 'ask', down: 'ask' },
    });
    expect(auto.desk.proposed.at(-1)).toMatchObject({
      approvedBy: 'policy:undo',
      content: { before: 2, after: 4, preconditions: { targetVersion: '2' } },
    });
  });

  it('does not raise what an operator has turned off meanwhile', async () => {
    const auto = new World(policyOf(REPLICAS.replace('autonomy: ask', 'autonomy: auto')));
    auto.replicas.value = 4;
    await confirmDown(auto);
    await auto.carryOut();
    auto.desk.autonomy.set('checkout/replicas', {
      autonomy: { up: 'off', down: 'off' },
      setAtMs: auto.clock.nowMs(),
      byPerson: true,
    });
    await auto.turn(20_000, { utilization: 0.9 });
    expect(auto.desk.judged[0]?.judgement.state).toBe('harmed');
    expect(auto.desk.lowered).toHaveLength(0);
    expect(auto.desk.proposed.at(-1)?.approvedBy).not.toBe('policy:undo');
  });
});

describe('the lifetime of what was applied', () => {
  it('counts from the last cycle in which the loop might act, whoever leads', async () => {
    const world = new World(policyOf(REPLICAS));
    const steeredAgoMs = async () =>
      (await world.memory.load()).loops.get('checkout/replicas')?.steeredAgoMs;
    await world.turn(0, CALM);
    await world.turn(5_000, CALM);
    expect(await steeredAgoMs()).toBe(0);
    world.desk.autonomy.set('checkout/replicas', {
      autonomy: { up: 'off', down: 'shadow' },
      setAtMs: world.clock.nowMs(),
      byPerson: true,
    });
    await world.turn(5_000, CALM);
    expect(await steeredAgoMs()).toBe(5_000);
    world.restart();
    await world.turn(0, CALM);
    expect(await steeredAgoMs()).toBe(5_000);
  });
});

it('a foreign change that was accepted stays so when another controller takes over', async () => {
  const world = new World(policyOf(REPLICAS.replace('autonomy: ask', 'autonomy: auto')));
  await world.turn(0, BUSY);
  await world.carryOut();
  await world.turn(5_000, CALM);
  world.replicas.turn(7);
  await world.turn(120_000, CALM);
  expect(world.lastSample()).toMatchObject({ reason: 'foreign-writer' });
  world.desk.autonomy.set('checkout/replicas', {
    autonomy: { up: 'auto', down: 'auto' },
    setAtMs: world.clock.advance(1_000),
    byPerson: true,
  });
  await world.turn(5_000, CALM);
  expect(world.lastSample()).not.toMatchObject({ reason: 'foreign-writer' });
  world.restart();
  await world.turn(5_000, CALM);
  await world.turn(5_000, CALM);
  expect(world.lastSample()).not.toMatchObject({ reason: 'foreign-writer' });
});
