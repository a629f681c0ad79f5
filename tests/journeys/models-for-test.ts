import { onTestFinished } from 'vitest';
import { type ModelsOptions, type WithModels, withModels } from './models.ts';

/** The product with models on a wire, ended with the test. */
export async function modelsForTest(options: ModelsOptions): Promise<WithModels> {
  const models = await withModels(options);
  onTestFinished(models.close);
  return models;
}
