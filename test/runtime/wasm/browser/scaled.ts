/** Programs that threads share: s · x W for two numbers s, alike in all but their results. */
import { compile } from '../../../../compiler/compile.js';
import type { Program } from '../../../../compiler/program.js';
import { input } from '../../../../dsl/leaves.js';
import { matmul } from '../../../../dsl/linear.js';
import { mul } from '../../../../dsl/pointwise.js';
import { rightOf } from '../../../support/evaluation.js';
import { numbers } from '../../../support/numbers.js';

const [batch, inner, units] = [400, 300, 24];
const [x, w] = [input('x', [batch, inner]), input('W', [inner, units])];

/** The stage `main`: x, W → z = s · x W [400, 24]. */
export const scaledProduct = (s: number): Program =>
  rightOf(
    compile({
      name: 'scaled',
      sizes: {},
      stages: [{ name: 'main', inputs: [x, w], outputs: { z: mul(s, matmul(x, w)) } }],
    }),
  );

/** Values of x and W. */
export const scaledInputs = {
  x: Float32Array.from(numbers(1, batch * inner)),
  W: Float32Array.from(numbers(2, inner * units)),
};
