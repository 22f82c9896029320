/** The hyperparameters as options of the command line, read off their schemas. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { sgdHyperparameters, sgnHyperparameters } from '../optim/index.js';

/** One hyperparameter, as its schema describes it. */
interface Hyperparameter {
  readonly key: string;
  readonly description: string;
  readonly fallback: unknown;
  /** What stands for its value in the help. */
  readonly placeholder: string;
  readonly parse: (text: string) => unknown;
}

const property = z.object({
  type: z.enum(['number', 'integer', 'boolean', 'string']),
  enum: z.array(z.string()).optional(),
  default: z.unknown(),
  description: z.string(),
});

const parseNumber = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
};

/** The whole number, 1 or more, of an option. */
export const parseCount = (text: string): number => {
  const value = parseNumber(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number from 1 on.');
  return value;
};

const parseSwitch = (text: string): boolean => {
  if (text !== 'on' && text !== 'off') throw new InvalidArgumentError('It must be on or off.');
  return text === 'on';
};

const onOff = (value: unknown): unknown => (value === true ? 'on' : value === false ? 'off' : value);

const describe = (key: string, { type, enum: choices, default: fallback, description }: z.output<typeof property>) => {
  const common = { key, description, fallback: onOff(fallback) };
  switch (type) {
    case 'boolean':
      return { ...common, placeholder: 'on|off', parse: parseSwitch };
    case 'string':
      return { ...common, placeholder: (choices ?? ['text']).join('|'), parse: (text: string) => text };
    default:
      return { ...common, placeholder: type === 'integer' ? 'n' : 'x', parse: parseNumber };
  }
};

const hyperparameters = (schema: z.ZodType): readonly Hyperparameter[] => {
  const { properties } = z.toJSONSchema(schema, { io: 'input' });
  return Object.entries(properties ?? {}).map(([key, value]) => describe(key, property.parse(value)));
};

/** The solvers' hyperparameters, in the order of their schemas. */
const solvers = {
  sgn: { title: 'SGN:', options: hyperparameters(sgnHyperparameters) },
  sgd: { title: 'SGD:', options: hyperparameters(sgdHyperparameters) },
};

const dashed = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Adds one option per hyperparameter to a command; what is not given keeps the experiment's value. */
export const addHyperparameters = (command: Command): Command => {
  for (const { title, options } of Object.values(solvers))
    for (const { key, placeholder, description, fallback, parse } of options)
      command.addOption(
        new Option(`--${dashed(key)} <${placeholder}>`, `${description} (paper: ${String(fallback)})`)
          .argParser(parse)
          .helpGroup(title),
      );
  return command;
};

/** The hyperparameters among parsed options, by solver. */
export const givenHyperparameters = (
  options: Readonly<Record<string, unknown>>,
): Readonly<Record<keyof typeof solvers, Readonly<Record<string, unknown>>>> => {
  const among = (list: readonly Hyperparameter[]) =>
    Object.fromEntries(list.flatMap(({ key }) => (options[key] === undefined ? [] : [[key, options[key]]])));
  return { sgn: among(solvers.sgn.options), sgd: among(solvers.sgd.options) };
};

/** The option of a hyperparameter, as a user writes it. */
export const optionName = (key: string): string => `--${dashed(key)}`;
