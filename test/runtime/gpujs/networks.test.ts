/** GGN products of random networks on gpu.js against the interpreter, to 1e-4 of the largest element. */
import { expect } from 'chai';
import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import type { GpujsMode } from '../../../compiler/emit/gpujs/index.js';
import { gpujsTarget } from '../../../runtime/gpujs/target.js';
import { interpreterTarget } from '../../../runtime/interpreter.js';
import { showTargetError, type Target, type TargetError } from '../../../runtime/target.js';
import { outputsOf, type Values } from '../../cases/compare.js';
import { networkCase } from '../../cases/networks.js';
import type { ProgramCase } from '../../cases/programs.js';
import { networkSpecimens } from '../../support/networks.js';
import { distance } from '../../support/numbers.js';
import { describeOnSwiftShader } from './swiftShader.js';

// a result this small is taken to be this large: a saturated softmax leaves little more than rounding errors
const floor = 1e-3;

// with one class the product is exactly 0, and nothing can be said relative to it
const specimens = networkSpecimens.filter(({ loss, outputs }) => loss !== 'softmaxCrossEntropy' || outputs > 1);

const orThrow = <A>(result: E.Either<TargetError, A>): A => {
  if (E.isLeft(result)) throw new Error(showTargetError(result.left));
  return result.right;
};

const resultsOn = async (target: Target, { program, runs }: ProgramCase): Promise<readonly Values[]> => {
  const executable = orThrow(await target.compile(program)());
  const results: Values[] = [];
  for (const run of runs) results.push(await outputsOf(executable, run));
  executable.dispose();
  return results;
};

const agrees = (mode: GpujsMode, numRuns: number): void => {
  it('agree with the interpreter', async () => {
    const target = orThrow(await gpujsTarget(mode)());
    await fc.assert(
      fc.asyncProperty(specimens, async (specimen) => {
        const network = networkCase(specimen);
        const actual = await resultsOn(target, network);
        const expected = await resultsOn(interpreterTarget, network);
        for (const [i, values] of expected.entries())
          for (const [name, value] of Object.entries(values))
            expect(distance(actual[i]?.[name] ?? [], value, floor), name).to.be.below(1e-4);
      }),
      { numRuns },
    );
    target.dispose();
  });
};

describe('GGN products of random networks on gpujs:cpu', () => agrees('cpu', 25));

describe('GGN products of random networks on gpujs:webasm', () => agrees('webasm', 25));

describeOnSwiftShader('GGN products of random networks on gpujs:webgpu', () => agrees('webgpu', 8));
