/** A one-line description of a node for messages and `util.inspect`; listings of whole graphs are the compiler's. */
import type { Expr, Node } from './node.js';
import { scalarRow } from './scalar.js';

const nameOf = (expr: Expr): string => {
  const { node } = expr;
  switch (node.op) {
    case 'literal':
      return String(node.value);
    case 'input':
    case 'parameter':
    case 'variable':
      return node.name;
    default:
      return `%${expr.id}`;
  }
};

/** For example `tanh(%12)`, `contract[ij,jk→ik](x, W1)`. */
export const describeNode = (node: Node): string => {
  const letters = (labels: readonly number[]) => labels.map((label) => String.fromCharCode(97 + label)).join('');
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
    case 'map':
      return scalarRow(node.fn).notation(...node.operands.map(nameOf));
    case 'contract': {
      const equation = `${letters(node.leftLabels)},${letters(node.rightLabels)}→${letters(node.output)}`;
      return `contract[${equation}](${nameOf(node.left)}, ${nameOf(node.right)})`;
    }
    case 'reduce':
      return `${node.kind}[axes ${node.axes}](${nameOf(node.operand)})`;
    case 'transpose':
      return `transpose[${node.permutation}](${nameOf(node.operand)})`;
    case 'slice':
      return `slice[axis ${node.axis}: ${node.start}…${node.stop}](${nameOf(node.operand)})`;
    case 'pad':
      return `pad[axis ${node.axis}: ${node.before}, ${node.after}](${nameOf(node.operand)})`;
    case 'concat':
      return `concat[axis ${node.axis}](${node.operands.map(nameOf).join(', ')})`;
    case 'window':
    case 'windowAdjoint': {
      const windows = node.windows.map((w) => `axis ${w.axis}: ${w.size}/${w.stride}/${w.dilation}`);
      return `${node.op}[${windows.join('; ')}](${nameOf(node.operand)})`;
    }
    case 'broadcast':
    case 'reshape':
    case 'stopGradient':
      return `${node.op}(${nameOf(node.operand)})`;
    case 'iterate':
      return `iterate(${node.variables.map(nameOf).join(', ')})`;
    case 'result':
      return `result[${node.index}](${nameOf(node.iterate)})`;
    case 'invalid':
      return `invalid ${node.error.operation}`;
  }
};
