/** The hyperparameters as options of the command line, read off their schemas. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { type ConfigError, type SolverName, showConfigError, solverNames, solverSchemas } from '../optim/index.js';

/** One hyperparameter, as its schema describes it. */
interface Hyperparameter {
  readonly key: string;
  readonly description: string;
  readonly fallback: unknown;
  /** What stands for its value in the help. */
  readonly placeholder: string;
  /** What its value may be, where it is one of a few. */
  readonly choices: readonly string[];
  readonly parse: (text: string) => unknown;
}

const property = z.object({
  type: z.enum(['number', 'integer', 'boolean', 'string']),
  enum: z.array(z.string()).optional(),
  default: z.unknown().optional(),
  description: z.string(),
});

/** The number of an option; its range is the schema's business. */
export const parseNumber = (text: string): number => {
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

/** The whole number, 0 or more, of a seed. */
export const parseSeed = (text: string): number => {
  const value = parseNumber(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('It must be a whole number from 0 on.');
  return value;
};

const parseSwitch = (text: string): boolean => {
  if (text !== 'on' && text !== 'off') throw new InvalidArgumentError('It must be on or off.');
  return text === 'on';
};

const onOff = (value: unknown): unknown => (value === true ? 'on' : value === false ? 'off' : value);

const describe = (key: string, { type, enum: choices, default: fallback, description }: z.output<typeof property>) => {
  const common = { key, description, fallback: onOff(fallback), choices: choices ?? [] };
  switch (type) {
    case 'boolean':
      return { ...common, placeholder: 'on|off', parse: parseSwitch };
    case 'string':
      return { ...common, placeholder: 'name', parse: (text: string) => text };
    default:
      return { ...common, placeholder: type === 'integer' ? 'n' : 'x', parse: parseNumber };
  }
};

const hyperparameters = (schema: z.ZodType): readonly Hyperparameter[] => {
  const { properties } = z.toJSONSchema(schema, { io: 'input' });
  return Object.entries(properties ?? {}).map(([key, value]) => describe(key, property.parse(value)));
};

const dashed = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** A hyperparameter of one solver. */
interface Own extends Hyperparameter {
  readonly solver: SolverName;
}

/** One option for a key, whichever solvers have it. */
interface SharedOption {
  readonly first: Own;
  readonly owners: readonly Own[];
}

const byKey = (all: readonly Own[]): readonly SharedOption[] =>
  all.flatMap((first, i) => {
    const owners = all.filter(({ key }) => key === first.key);
    return all.findIndex(({ key }) => key === first.key) === i ? [{ first, owners }] : [];
  });

/** The hyperparameters of all solvers, in the order of their schemas. */
const options = byKey(
  solverNames.flatMap((solver) => hyperparameters(solverSchemas[solver]).map((own) => ({ ...own, solver }))),
);

/** The solvers that have a hyperparameter. */
const solversWith = (key: string): readonly SolverName[] =>
  options.flatMap(({ first, owners }) => (first.key === key ? owners.map(({ solver }) => solver) : []));

/** One default where the solvers agree, else each solver's. */
const showDefaults = (owners: readonly Own[]): string => {
  const values = owners.map(({ fallback }) => (fallback === undefined ? 'off' : String(fallback)));
  return new Set(values).size === 1
    ? `default: ${values[0]}`
    : `default: ${owners.map(({ solver }, i) => `${values[i]} for ${solver}`).join(', ')}`;
};

const groupOf = (owners: readonly Own[]): string => `Options of ${owners.map(({ solver }) => solver).join(', ')}:`;

const showChoices = ({ choices }: Own): string => (choices.length === 0 ? '' : `choices: ${choices.join(', ')}; `);

/** Adds one option per hyperparameter to a command; what is not given keeps the experiment's value. */
export const addHyperparameters = (command: Command): Command => {
  for (const { first, owners } of options)
    command.addOption(
      new Option(
        `--${dashed(first.key)} <${first.placeholder}>`,
        `${first.description} (${showChoices(first)}${showDefaults(owners)})`,
      )
        .argParser(first.parse)
        .helpGroup(groupOf(owners)),
    );
  return command;
};

/** The hyperparameters among parsed options. */
export const givenHyperparameters = (given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    options.flatMap(({ first: { key } }) => (given[key] === undefined ? [] : [[key, given[key]] as const])),
  );

/** Why hyperparameters do not go with a solver, in one line; nothing if they do. */
export const misplacedHyperparameter = (
  solver: string,
  given: Readonly<Record<string, unknown>>,
): string | undefined => {
  const key = Object.keys(given).find((name) => solversWith(name).every((owner) => owner !== solver));
  return key === undefined
    ? undefined
    : `${optionName(key)} is a setting of ${solversWith(key).join(', ')}, not of ${solver}; leave it out or choose another --solver`;
};

/** The option of a hyperparameter, as a user writes it. */
const optionName = (key: string): string => `--${dashed(key)}`;

const ownOptions: Readonly<Record<string, string>> = {
  batchSize: '--batch',
  ...Object.fromEntries(
    ['solver', 'epochs', 'seconds', 'seed', 'validation', 'target'].map((key) => [key, optionName(key)]),
  ),
};

/** One line on a setting that is refused, with the option of `sgn run` that gives it. */
export const showSettingError = (
  error: ConfigError,
  { solver, cg }: { readonly solver: unknown; readonly cg: unknown },
): string => {
  const [section = '', key] = error.setting.split('.');
  const ofSolver = key !== undefined && section === solver && solversWith(key).length > 0;
  const hyperparameter = key === 'maxCgIterations' && cg !== undefined ? '--cg' : optionName(key ?? '');
  const option = ofSolver ? hyperparameter : ownOptions[error.setting];
  return showConfigError(option === undefined ? error : { ...error, setting: `${error.setting} (${option})` });
};
