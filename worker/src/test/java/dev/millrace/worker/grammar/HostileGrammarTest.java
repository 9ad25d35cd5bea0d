package dev.millrace.worker.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is refused, before a device has seen anything of it. */
class HostileGrammarTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '!',
            value = {
                "root ::= root \"a\" | \"b\"! is left-recursive: root begins with a rule that begins with itself",
                "root ::= a root \"b\" | \"c\" \\n a ::= \"x\"?! is left-recursive: root begins with a rule that begins with itself",
                "root ::= a \\n a ::= b \"x\" \\n b ::= c c a | \"y\" \\n c ::= | \"z\"*! is left-recursive: root begins with a rule that begins with itself",
                "root ::= \"a\" root! allows no answer: nothing that it describes comes to an end",
                "root ::= []! allows no answer: nothing that it describes comes to an end",
                "root ::= [\\ud800-\\udfff]! has an error at line 1, column 17: there is no such character",
                "root ::= a! has no rule a",
                "start ::= \"a\"! has no rule root",
                "root ::= \"a\" \\n root ::= \"b\"! has an error at line 2, column 13: this rule is there already",
                "root ::= \"a! has an error at line 1, column 12: it ends too early",
                "root ::= [a! has an error at line 1, column 12: it ends too early",
                "root ::= (\"a\"! has an error at line 1, column 14: expected )",
                "root ::= \"a\")! has an error at line 1, column 13: expected the end of the line",
                "root ::= *! has an error at line 1, column 10: there is nothing to repeat",
                "root ::= \"a\"{3,2}! has an error at line 1, column 18: the most is less than the least",
                "root ::= \"a\"{99999999999}! has an error at line 1, column 19: the number is above 10000",
                "root ::= <think>! has an error at line 1, column 10: tokens cannot be named here",
                "root ::= \"\\q\"! has an error at line 1, column 13: there is no such escape",
                "''! has no rule root",
            })
    void refusesGbnf(String gbnf, String complaint) {
        assertThatExceptionOfType(GrammarException.class)
                .isThrownBy(() -> ResponseGrammar.ofGbnf(gbnf.replace(" \\n ", "\n")))
                .withMessage(complaint);
    }

    @Test
    void refusesWhatIsTooLargeOrTooDeep() {
        refusedAsGbnf("root ::= " + "(".repeat(100_000), "nests deeper than 64 levels");
        refusedAsGbnf("root ::=" + " \"a\"{10000}".repeat(7), "is too large");
        refusedAsGbnf("root ::= \"" + "a".repeat(70_000) + "\"", "is too large");
        refusedAsGbnf("#".repeat(1 << 20), "has more than 262144 characters");
        refused("{\"items\":".repeat(100) + "{}" + "}".repeat(100), "nests deeper than 64 levels at #/items/items");
        refused("{\"a\":".repeat(40_000), "is no JSON, or nests too deep");
        refused(" ".repeat(1 << 20), "has more than 262144 characters");
        refused("{\"type\":\"string\",\"minLength\":2000000000}", "is too large");
        refused("{\"type\":\"string\",\"pattern\":\"^" + "(".repeat(5000) + "\"}", "at #/pattern");
    }

    /** Each choice of two names what comes next twice: written out, there would be 2 to the power of 200 of them. */
    @Test
    void readsManyOptionalPropertiesInOneGo() throws GrammarException {
        StringBuilder properties = new StringBuilder("\"p\":{\"type\":\"null\"}");
        for (int i = 0; i < 1000; i++) {
            properties.append(",\"p").append(i).append("\":{\"type\":\"null\"}");
        }

        assertThat(ResponseGrammar.ofJsonSchema("{\"type\":\"object\",\"properties\":{" + properties + "}}"))
                .isNotNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '!',
            value = {
                "{'type':'integer','minimum':3}! at #/minimum is not supported here",
                "{'type':'string','format':'date'}! at #/format is not supported here",
                "{'not':{}}! at #/not is not supported here",
                "{'type':'object','properties':{'a/b':{'type':'array','uniqueItems':true}}}! at #/properties/a~1b/uniqueItems is not supported here",
                "{'type':'object','patternProperties':{}}! at #/patternProperties is not supported here",
                "{'type':'array','prefixItems':[{}]}! at #/prefixItems is not supported here",
                "{'anyOf':[{}],'type':'string'}! at #/type is not supported here",
                "{'enum':['a'],'maxLength':3}! at #/maxLength is not supported here",
                "{'anyOf':[]}! at #/anyOf must be a list of at least one item",
                "{'allOf':[{},{}]}! at #/allOf is supported with one schema only",
                "{'items':{'$id':'x'}}! at #/items/$id is not supported here",
                "{'type':'text'}! at #/type must be one of object, array, string, number, integer, boolean, null",
                "{'type':'array','minItems':-1}! at #/minItems must be a whole number from 0 on",
                "{'type':'string','pattern':'(?=a)'}! at #/pattern has an error at line 1, column 2: groups that look around, and named ones, are not supported",
                "{'type':'string','pattern':'a+?'}! at #/pattern has an error at line 1, column 3: is not supported",
                "{'type':'string','pattern':'a','maxLength':2}! at #/maxLength is not supported beside a pattern",
                "{'$ref':'https://example.org/x'}! refers to https://example.org/x, and only to its own parts it can refer",
                "{'$ref':'#/$defs/x'}! refers to #/$defs/x, and only to its own parts it can refer",
                "{'$ref':'#'}! allows no answer: nothing that it describes comes to an end",
                "{'type':'object','properties':{'a':{'$ref':'#'}},'required':['a']}! allows no answer: nothing that it describes comes to an end",
                "false! allows no answer: nothing that it describes comes to an end",
                "{'type':'array','minItems':2,'maxItems':1}! allows no answer: nothing that it describes comes to an end",
                "{'type':'string','enum':[1]}! allows no answer: nothing that it describes comes to an end",
                "3! at # must be a schema",
                "{} {}! is no JSON, or nests too deep",
                "''! is no JSON: it is empty",
            })
    void refusesASchemaWithItsPath(String schema, String complaint) {
        assertThatExceptionOfType(GrammarException.class)
                .isThrownBy(() -> ResponseGrammar.ofJsonSchema(schema.replace('\'', '"')))
                .withMessage(complaint);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '!',
            value = {
                "{'type':'integer'}! {'type':'number'}",
                "{'type':'string'}! {'const':'a'}",
                "{'enum':[1,2]}! {'enum':[2.0]}",
                "{'type':'object','properties':{'t':{'const':1}}}! {'type':'object','properties':{'t':{'const':2}}}",
                "{}! {'type':'null'}",
                "{'$ref':'#/$defs/a'}! {'type':'string'}",
            })
    void refusesOneOfWhoseSchemasMayOverlap(String a, String b) {
        String schema = "{'oneOf':[" + a + "," + b + "],'$defs':{'a':{'enum':['x',1]}}}";

        assertThatExceptionOfType(GrammarException.class)
                .isThrownBy(() -> ResponseGrammar.ofJsonSchema(schema.replace('\'', '"')))
                .withMessageStartingWith("at #/oneOf is supported only where no value can be valid against two");
    }

    private static void refusedAsGbnf(String gbnf, String complaint) {
        assertThatExceptionOfType(GrammarException.class)
                .isThrownBy(() -> ResponseGrammar.ofGbnf(gbnf))
                .withMessageContaining(complaint);
    }

    private static void refused(String schema, String complaint) {
        assertThatExceptionOfType(GrammarException.class)
                .isThrownBy(() -> ResponseGrammar.ofJsonSchema(schema))
                .withMessageContaining(complaint);
    }
}
