/** What all targets promise of runs: one at a time, whole or not at all. */
import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { compile } from '../../compiler/index.js';
import { add, input, mul } from '../../dsl/index.js';
import { gpujsTarget } from '../../runtime/gpujs/target.js';
import { interpreterTarget } from '../../runtime/interpreter.js';
import type { DeviceArray, Executable, StageResult, Target, TargetError } from '../../runtime/target.js';
import { wasmTarget } from '../../runtime/wasm/index.js';
import { rightOf as right } from '../support/evaluation.js';

const length = 3;
const all = (value: number): Float32Array => new Float32Array(length).fill(value);

// p = 10 x + y in the first stage, q = s p in the second
const [x, y, s] = [input('x', [length]), input('y', [length]), input('s', [])];
const p = add(mul(10, x), y);
const program = right(
  compile({
    name: 'stages',
    sizes: {},
    stages: [
      { name: 'first', inputs: [x, y], outputs: { p } },
      { name: 'second', inputs: [s], outputs: { q: mul(s, p) } },
    ],
  }),
);

const targets: Readonly<Record<string, TE.TaskEither<TargetError, Target>>> = {
  interpreter: TE.right(interpreterTarget),
  wasm: wasmTarget({ threads: 1 }),
  'gpujs:cpu': gpujsTarget('cpu'),
};

const lost: DeviceArray = {
  length,
  read: TE.left({ _tag: 'TargetExecutionError', target: 'wasm', stage: 'elsewhere', reason: 'it is lost' }),
};

const elementsOf = async (result: E.Either<TargetError, StageResult>, name: string): Promise<readonly number[]> => {
  const array = right(result).arrays[name];
  if (array === undefined) throw new Error(`no output ${name}`);
  return Array.from(right(await array.read()));
};

describe('stages on every target', () => {
  for (const [name, open] of Object.entries(targets))
    describe(name, () => {
      const executable = async (): Promise<Executable> => right(await right(await open()).compile(program)());

      it('runs that are started together do not mix their inputs', async () => {
        const { run } = await executable();
        const results = await Promise.all([1, 2, 3].map((n) => run('first', { x: all(n), y: all(n) })()));
        expect(await Promise.all(results.map((result) => elementsOf(result, 'p')))).to.deep.equal(
          [11, 22, 33].map((n) => [n, n, n]),
        );
      });

      it('a run whose input cannot be read leaves nothing for later stages', async () => {
        const { run } = await executable();
        right(await run('first', { x: all(1), y: all(1) })());
        const failed = await run('first', { x: all(5), y: lost })();
        expect(E.isLeft(failed) && failed.left._tag).to.equal('TargetExecutionError');
        const later = await run('second', { s: 1 })();
        expect(later).to.deep.equal(
          E.left({ _tag: 'StageError', stage: 'second', expected: 'stage first has to be run first' }),
        );
        right(await run('first', { x: all(2), y: all(2) })());
        expect(await elementsOf(await run('second', { s: 2 })(), 'q')).to.deep.equal([44, 44, 44]);
      });

      it('a later stage can be run again after it failed', async () => {
        const { run } = await executable();
        right(await run('first', { x: all(1), y: all(1) })());
        expect(E.isLeft(await run('second', { s: { ...lost, length: 1 } })())).to.equal(true);
        expect(await elementsOf(await run('second', { s: 3 })(), 'q')).to.deep.equal([33, 33, 33]);
      });
    });
});
