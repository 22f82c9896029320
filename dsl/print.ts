/** The text of an expression for messages and `util.inspect`. Listings of whole graphs are the compiler's. */
import { showDslError } from './error.js';
import type { Expr, NodeOf, WindowAxis } from './node.js';
import { scalarRow } from './scalar.js';
import { sameShape, showShape } from './shape.js';

/** How many levels of operands a text shows; deeper ones are their number, `%12`. */
const depthShown = 4;

/** How many operands of one node a text shows. */
const widthShown = 6;

const letters = (labels: readonly number[]): string => labels.map((label) => String.fromCharCode(97 + label)).join('');

const showWindow = ({ axis, size, stride, dilation }: WindowAxis): string =>
  `axis ${axis}: size ${size}, stride ${stride}, dilation ${dilation}`;

/** Is it a matrix product [m, k] · [k, n]? */
const isMatrixProduct = ({ leftLabels, rightLabels, output }: NodeOf<'contract'>): boolean =>
  sameShape(leftLabels, [0, 1]) && sameShape(rightLabels, [1, 2]) && sameShape(output, [0, 2]);

const describe = (expr: Expr, depth: number, elided: (expr: Expr) => string): string => {
  const { node } = expr;
  const inner = (operand: Expr): string => describe(operand, depth - 1, elided);
  const list = (operands: readonly Expr[]): string =>
    [...operands.slice(0, widthShown).map(inner), ...(operands.length > widthShown ? ['…'] : [])].join(', ');
  switch (node.op) {
    case 'literal':
      return String(node.value);
    case 'size':
      return `size(${node.dim})`;
    case 'iota':
      return `iota(${node.dim})`;
    case 'input':
    case 'parameter':
    case 'variable':
      return node.name;
    case 'invalid':
      return `invalid (${showDslError(node.error)})`;
    // repetition is what the notation of the other operations means anyway
    case 'broadcast':
      return describe(node.operand, depth, elided);
    default:
      if (depth === 0) return elided(expr);
  }
  switch (node.op) {
    case 'map':
      return scalarRow(node.fn).notation(...node.operands.map(inner));
    case 'contract': {
      if (isMatrixProduct(node)) return `${inner(node.left)} · ${inner(node.right)}`;
      const equation = `${letters(node.leftLabels)},${letters(node.rightLabels)}→${letters(node.output)}`;
      return `contract[${equation}](${inner(node.left)}, ${inner(node.right)})`;
    }
    case 'reduce':
      return `${node.kind}[axes ${node.axes}](${inner(node.operand)})`;
    case 'transpose':
      return `transpose[${node.permutation}](${inner(node.operand)})`;
    case 'slice':
      return `slice[axis ${node.axis}: ${node.start}…${node.stop}](${inner(node.operand)})`;
    case 'pad':
      return `pad[axis ${node.axis}: ${node.before}, ${node.after}](${inner(node.operand)})`;
    case 'concat':
      return `concat[axis ${node.axis}](${list(node.operands)})`;
    case 'window':
    case 'windowAdjoint':
      return `${node.op}[${node.windows.map(showWindow).join('; ')}](${inner(node.operand)})`;
    case 'reshape':
      return `reshape${showShape(node.shape)}(${inner(node.operand)})`;
    case 'stopGradient':
      return `stopGradient(${inner(node.operand)})`;
    case 'iterate':
      return `iterate(${list(node.variables)})`;
    case 'result':
      return `result[${node.index}](${inner(node.iterate)})`;
  }
};

/** For example `tanh((x · W1 + b1)): [batch, 20]`. */
export const showExpr = (expr: Expr): string =>
  `${describe(expr, depthShown, ({ id }) => `%${id}`)}: ${showShape(expr.shape)}`;

/** How many levels of operands a message shows: a layer with its parameters. */
const depthInMessages = 3;

/** An expression as a message points at it, the same in every run: `tanh((… · W1 + b1))`. */
export const showOperand = (expr: Expr): string => describe(expr, depthInMessages, () => '…');
