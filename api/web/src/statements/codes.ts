/**
 * The code lists of ledger/rules, as sets.
 *
 * The build keeps the codes alone: what they mean is for people, and stands in docs/spec/code-lists.md.
 */

import { codes as arrangementKinds, nonBinding } from "../../../../ledger/rules/arrangement-kinds.json";
import { codes as assessmentLevels } from "../../../../ledger/rules/assessment-levels.json";
import { codes as assessorLevels } from "../../../../ledger/rules/assessor-levels.json";
import { codes as assuranceLevels } from "../../../../ledger/rules/assurance-levels.json";
import { codes as attestationTypes } from "../../../../ledger/rules/attestation-types.json";
import { codes as categories } from "../../../../ledger/rules/categories.json";
import { codes as countMethods } from "../../../../ledger/rules/count-methods.json";
import { codes as countries } from "../../../../ledger/rules/countries.json";
import { codes as countryRelations } from "../../../../ledger/rules/country-relations.json";
import { codes as credentialTypes } from "../../../../ledger/rules/credential-types.json";
import { codes as currencies } from "../../../../ledger/rules/currencies.json";
import {
  codes as dataTypes,
  nonPersonal,
  personal,
  sensitivePersonal,
} from "../../../../ledger/rules/data-types.json";
import { codes as decisionOutcomes, ofRules } from "../../../../ledger/rules/decision-outcomes.json";
import { codes as directions } from "../../../../ledger/rules/directions.json";
import { codes as documentFormats } from "../../../../ledger/rules/document-formats.json";
import { codes as documentTypes } from "../../../../ledger/rules/document-types.json";
import { codes as endorsementRoles } from "../../../../ledger/rules/endorsement-roles.json";
import { codes as equivalenceDirections } from "../../../../ledger/rules/equivalence-directions.json";
import { codes as exemptions } from "../../../../ledger/rules/exemptions.json";
import { codes as findingAnswers } from "../../../../ledger/rules/finding-answers.json";
import { codes as flows } from "../../../../ledger/rules/flows.json";
import { codes as grades } from "../../../../ledger/rules/grades.json";
import { codes as identifierSchemes } from "../../../../ledger/rules/identifier-schemes.json";
import { codes as legalBases } from "../../../../ledger/rules/legal-bases.json";
import { codes as measureConditions } from "../../../../ledger/rules/measure-conditions.json";
import { codes as measureDocuments } from "../../../../ledger/rules/measure-documents.json";
import { codes as measureFindings } from "../../../../ledger/rules/measure-findings.json";
import { codes as measureKinds } from "../../../../ledger/rules/measure-kinds.json";
import { codes as measureObjectives } from "../../../../ledger/rules/measure-objectives.json";
import { codes as measureReasons } from "../../../../ledger/rules/measure-reasons.json";
import { codes as mechanisms } from "../../../../ledger/rules/mechanisms.json";
import { codes as observationKinds } from "../../../../ledger/rules/observation-kinds.json";
import { codes as outcomes } from "../../../../ledger/rules/outcomes.json";
import { codes as purposes } from "../../../../ledger/rules/purposes.json";
import { codes as recognitionEffects } from "../../../../ledger/rules/recognition-effects.json";
import { codes as relations } from "../../../../ledger/rules/relations.json";
import { codes as revocationReasons } from "../../../../ledger/rules/revocation-reasons.json";
import { codes as roles } from "../../../../ledger/rules/roles.json";
import { codes as scenarios } from "../../../../ledger/rules/scenarios.json";
import { codes as schemeFamilies } from "../../../../ledger/rules/scheme-families.json";
import { codes as sightings } from "../../../../ledger/rules/sightings.json";
import { codes as statusChanges } from "../../../../ledger/rules/status-changes.json";
import { codes as statusReasons } from "../../../../ledger/rules/status-reasons.json";
import { codes as successionReasons } from "../../../../ledger/rules/succession-reasons.json";
import { codes as targetingModes } from "../../../../ledger/rules/targeting-modes.json";
import { codes as testCountries } from "../../../../ledger/rules/test-countries.json";
import { codes as visibilities } from "../../../../ledger/rules/visibilities.json";

/** A closed list of words. */
export type Codes = ReadonlySet<string>;

/** A list as the files hold it, codes alone or each with what it means; or as the page does, as one text. */
function codesOf(list: string | readonly string[] | Readonly<Record<string, string>>): Codes {
  if (typeof list === "string") return new Set(list.split(" "));
  return new Set(list instanceof Array ? list : Object.keys(list));
}

export const ARRANGEMENT_KINDS = codesOf(arrangementKinds);
export const ARRANGEMENT_KINDS_NON_BINDING: Codes = new Set(nonBinding);
export const ASSESSMENT_LEVELS = codesOf(assessmentLevels);
export const ASSESSOR_LEVELS = codesOf(assessorLevels);
export const ASSURANCE_LEVELS = codesOf(assuranceLevels);
export const ATTESTATION_TYPES = codesOf(attestationTypes);
export const CATEGORIES = codesOf(categories);
export const COUNTRY_RELATIONS = codesOf(countryRelations);
export const COUNT_METHODS = codesOf(countMethods);
export const CREDENTIAL_TYPES = codesOf(credentialTypes);
export const CURRENCIES = codesOf(currencies);
export const DATA_TYPES = codesOf(dataTypes);
export const DATA_TYPES_PERSONAL: Codes = new Set(personal);
export const DATA_TYPES_SENSITIVE: Codes = new Set(sensitivePersonal);
export const DATA_TYPES_NON_PERSONAL: Codes = new Set(nonPersonal);
export const DECISION_OUTCOMES = codesOf(decisionOutcomes);
export const DECISION_OUTCOMES_OF_RULES: Codes = new Set(ofRules);
export const DIRECTIONS = codesOf(directions);
export const DOCUMENT_FORMATS = codesOf(documentFormats);
export const DOCUMENT_TYPES = codesOf(documentTypes);
export const ENDORSEMENT_ROLES = codesOf(endorsementRoles);
export const EQUIVALENCE_DIRECTIONS = codesOf(equivalenceDirections);
export const EXEMPTIONS = codesOf(exemptions);
export const FINDING_ANSWERS = codesOf(findingAnswers);
export const FLOWS = codesOf(flows);
export const GRADES = codesOf(grades);
export const IDENTIFIER_SCHEMES = codesOf(identifierSchemes);
export const LEGAL_BASES = codesOf(legalBases);
export const MEASURE_CONDITIONS = codesOf(measureConditions);
export const MEASURE_DOCUMENTS = codesOf(measureDocuments);
export const MEASURE_FINDINGS = codesOf(measureFindings);
export const MEASURE_KINDS = codesOf(measureKinds);
export const MEASURE_OBJECTIVES = codesOf(measureObjectives);
export const MEASURE_REASONS = codesOf(measureReasons);
export const MECHANISMS = codesOf(mechanisms);
export const OBSERVATION_KINDS = codesOf(observationKinds);
export const OUTCOMES = codesOf(outcomes);
export const PURPOSES = codesOf(purposes);
export const RECOGNITION_EFFECTS = codesOf(recognitionEffects);
export const RELATIONS = codesOf(relations);
export const REVOCATION_REASONS = codesOf(revocationReasons);
export const ROLES = codesOf(roles);
export const SCENARIOS = codesOf(scenarios);
export const SCHEME_FAMILIES = codesOf(schemeFamilies);
export const SIGHTINGS = codesOf(sightings);
export const STATUS_CHANGES = codesOf(statusChanges);
export const STATUS_REASONS = codesOf(statusReasons);
export const SUCCESSION_REASONS = codesOf(successionReasons);
export const TARGETING_MODES = codesOf(targetingModes);
export const TEST_COUNTRIES = codesOf(testCountries);
export const VISIBILITIES = codesOf(visibilities);
export const COUNTRIES: Codes = new Set([...codesOf(countries), ...TEST_COUNTRIES]);
