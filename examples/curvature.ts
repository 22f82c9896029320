/** A network, its loss, and the product with its generalized Gauss-Newton matrix, derived and printed. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { inspect, listLevel } from '../compiler/index.js';
import { input, mlp, parameterSpace, softmaxCrossEntropy, typed } from '../dsl/index.js';

const x = input('x', ['batch', 784]); //                   Expr<["batch", 784]>
const labels = input('labels', ['batch']); //              Expr<["batch"]>
const z = mlp(x, { hidden: [20], outputs: 10 }); //        Expr<["batch", 10]>
const loss = (output: typeof z) => softmaxCrossEntropy(output, labels);
// matmul(x, parameter('W', [20, 10])) does not compile:
//   "matmul: the inner dimensions 784 and 20 of [batch, 784] and [20, 10] differ"

const product = pipe(
  parameterSpace([z]), // θ: W1, b1, W2, b2 as one flat vector
  E.flatMap((parameters) =>
    inspect({ name: 'mlp', output: z, loss: (output) => loss(typed(output)), parameters }, 'ggn'),
  ),
  E.map(({ inspection }) => inspection.levels.slice(-1).flatMap((level) => listLevel(inspection, level, 'math'))),
);
console.log(E.isRight(product) ? product.right.join('\n') : product.left);
