/** Damaged safetensors: refused in one line, or the parameters of the network, each of them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { startFromParameters } from '../../../cli/checkpoint.js';
import { decodeSafetensors, encodeSafetensors } from '../../../optim/index.js';
import type { Fuzzer } from '../fuzzer.js';
import { type Choices, choicesOf, damagedBytes, damagedData, judge } from './case.js';
import { tinyRun } from './tiny.js';

const { parameters } = tinyRun(1).problem;

const whole = encodeSafetensors(
  parameters.entries.map(({ name, shape, length }) => ({ name, shape, values: new Float32Array(length).fill(0.5) })),
);

const lengthBytes = 8;

/** A file whose header is written anew: with damage in its JSON, and its length right or not. */
const anotherHeader = (choices: Choices): { readonly bytes: Uint8Array; readonly how: string } => {
  const view = new DataView(whole.buffer);
  const length = Number(view.getBigUint64(0, true));
  const header: unknown = JSON.parse(new TextDecoder().decode(whole.subarray(lengthBytes, lengthBytes + length)));
  const { value, how } = damagedData(header, choices);
  const json = new TextEncoder().encode(JSON.stringify(value) ?? '');
  const said = choices.of([json.length, json.length, json.length, 0, json.length + 1, 2 ** 31, 2 ** 53 - 1]);
  const bytes = new Uint8Array(lengthBytes + json.length + whole.length - lengthBytes - length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(said), true);
  bytes.set(json, lengthBytes);
  bytes.set(whole.subarray(lengthBytes + length), lengthBytes + json.length);
  return { bytes, how: `header ${how}, said to be ${said} of ${json.length} bytes long` };
};

/** The fuzzer of safetensors. */
export const safetensors: Fuzzer = {
  name: 'malformed-safetensors',
  run: async (seed) => {
    const choices = choicesOf(seed);
    const { bytes, how } = choices.below(3) === 0 ? damagedBytes(whole, choices) : anotherHeader(choices);
    const folder = await mkdtemp(join(tmpdir(), 'sgn-fuzz-'));
    try {
      const path = join(folder, 'parameters.safetensors');
      await writeFile(path, bytes);
      return await judge(`safetensors, ${how}`, true, async () => {
        const start = await startFromParameters(parameters, path)();
        if (E.isLeft(start) || start.right._tag !== 'Parameters') return start;
        const { length } = start.right.theta;
        if (length !== parameters.length) throw new Error(`θ has ${length} numbers`);
        // what is taken says the same of every tensor when it is written and read again
        const tensors = decodeSafetensors(bytes);
        if (E.isLeft(tensors) || E.isLeft(decodeSafetensors(encodeSafetensors(tensors.right))))
          throw new Error('not read twice');
        return start;
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};
