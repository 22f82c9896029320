/** Damaged checkpoints, to go on from and to start from: refused in one line, or as good as whole. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { encodeCheckpoint, startFromCheckpoint, startFromParameters } from '../../../cli/checkpoint.js';
import { rightOf } from '../../support/evaluation.js';
import { foreign } from '../../support/foreign.js';
import type { Fuzzer } from '../fuzzer.js';
import { choicesOf, damagedBytes, damagedData, judge } from './case.js';
import { runTiny, tinyRun } from './tiny.js';

const whole = runTiny(tinyRun(2), { _tag: 'Seed' }).then(rightOf);

/** The fuzzer of checkpoints. Half of the damage comes with a right checksum, as another program might write it. */
export const checkpoints: Fuzzer = {
  name: 'malformed-checkpoints',
  run: async (seed) => {
    const choices = choicesOf(seed);
    const snapshot = await whole;
    const signed = choices.below(4) > 0;
    const damaged = damagedData(snapshot, choices);
    const data = { ...damaged, value: damaged.value ?? null };
    const bytes = damagedBytes(new TextEncoder().encode(encodeCheckpoint(foreign(snapshot))), choices);
    const [content, how] = signed ? [encodeCheckpoint(foreign(data.value)), data.how] : [bytes.bytes, bytes.how];
    const warm = choices.below(2) === 0;
    const folder = await mkdtemp(join(tmpdir(), 'sgn-fuzz-'));
    try {
      const path = join(folder, 'checkpoint.json');
      await writeFile(path, content);
      return await judge(
        `${warm ? '--init' : '--resume'} of a checkpoint, ${signed ? 'signed, ' : ''}${how}`,
        true,
        async () => {
          const made = tinyRun(3);
          const start = await (warm
            ? startFromParameters(made.problem.parameters, path)
            : startFromCheckpoint(made, path))();
          return E.isLeft(start) ? start : runTiny(made, start.right);
        },
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};
