/** The case table on the WebAssembly target. */
import { assert } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { wasmTarget } from '../../../runtime/wasm/index.js';
import { compareToInterpreter } from '../../cases/compare.js';
import { programCases } from '../../cases/programs.js';

describe('wasm target: case table', () => {
  for (const threads of [1, 2])
    describe(`${threads} threads`, () => {
      const target = wasmTarget({ threads })();
      after(async () => {
        const started = await target;
        if (E.isRight(started)) started.right.dispose();
      });
      for (const programCase of programCases)
        it(programCase.name, async () => {
          const started = await target;
          if (E.isLeft(started)) throw new Error(JSON.stringify(started.left));
          assert.deepEqual(await compareToInterpreter(started.right, programCase), []);
        });
    });
});
