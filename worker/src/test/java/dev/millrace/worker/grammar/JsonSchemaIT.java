package dev.millrace.worker.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.worker.llama.Grammar;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class JsonSchemaIT {
    private static final String LINKED = """
            {'$ref':'#/$defs/node','$defs':{'node':{'type':'object','properties':
            {'v':{'type':'integer'},'next':{'anyOf':[{'$ref':'#/$defs/node'},{'type':'null'}]}},'required':['v','next']}}}""";

    @ParameterizedTest
    @MethodSource
    void keepsToASchema(String schema, List<String> valid, List<String> invalid) throws GrammarException {
        Grammar grammar = ResponseGrammar.ofJsonSchema(schema.replace('\'', '"'));

        for (String text : valid) {
            assertThat(Probe.accepts(grammar, text.replace('\'', '"'))).as(text).isTrue();
        }
        for (String text : invalid) {
            assertThat(Probe.accepts(grammar, text.replace('\'', '"'))).as(text).isFalse();
        }
    }

    static Stream<Arguments> keepsToASchema() {
        return Stream.of(
                of(
                        "true",
                        valid("{}", "[1, {'a':[null]}]", "-0.5e+3", "'x'", "true"),
                        "",
                        "01",
                        "{",
                        "tru",
                        "'\n'",
                        "'\\ud800'"),
                of("{'type':'integer'}", valid("0", "-12", "1234567890123456"), "1.0", "-", "12345678901234567", "'1'"),
                of("{'type':'number'}", valid("0", "-1.25", "3E-7"), ".5", "1.", "1e", "+1"),
                of("{'type':['boolean','null']}", valid("true", "false", "null"), "0", "'true'"),
                of("{'type':'string'}", valid("''", "'水\\n\\u00e9\\\\'"), "'\\x'", "'\\uDC00'", "'", "x"),
                of("{'type':'string','minLength':1,'maxLength':2}", valid("'水'", "'😀\\n'"), "''", "'abc'"),
                of("{'enum':[1,'a',null,{'b':[2]}]}", valid("1", "'a'", "null", "{'b':[2]}"), "2", "{'b':[]}"),
                of("{'type':'string','enum':[1,'a']}", valid("'a'"), "1"),
                of("{'const':'\\u6c34'}", valid("'水'"), "'x'"),
                of(
                        "{'type':'array','items':{'type':'integer'},'minItems':1,'maxItems':3}",
                        valid("[1]", "[1, 2,3]"),
                        "[]",
                        "[1,2,3,4]",
                        "['a']",
                        "[1,]"),
                of("{'type':'array','maxItems':0}", valid("[]", "[ ]"), "[1]"),
                of("{'type':'array','minItems':2}", valid("[1,2]", "[{},[],3]"), "[]", "[1]"),
                of(
                        "{'type':'object','properties':{'a':{'type':'integer'},'b':{'type':'string'},'c':true},'required':['b']}",
                        valid("{'b':''}", "{'a':1,'b':''}", "{ 'b': 'x',\n  'c': [1]}", "{'a':1,'b':'','c':{}}"),
                        "{}",
                        "{'a':1}",
                        "{'b':'','a':1}",
                        "{'b':'','d':1}",
                        "{'b':'',}",
                        "{,'b':''}"),
                of(
                        "{'properties':{'a':true,'b':true}}",
                        valid("{}", "{'a':1}", "{'b':1}", "{'a':1,'b':2}"),
                        "{,'b':1}"),
                of(
                        "{'type':'object','properties':{'aé':{'type':'integer'}},'additionalProperties':{'type':'null'}}",
                        valid("{}", "{'aé':1}", "{'a':null,'aéx':null}", "{'aé':1,'':null}"),
                        "{'aé':null}",
                        "{'b':1}",
                        "{'a\\u00e9':null}",
                        "{'aé':1,'aé':null}"),
                of("{'type':'object','properties':{},'additionalProperties':false}", valid("{}"), "{'a':1}"),
                of("{'type':'object','required':['a']}", valid("{'a':[1]}"), "{}", "{'b':1}"),
                of("{'type':'object','properties':{'a':false,'b':true}}", valid("{'b':1}", "{}"), "{'a':1}"),
                of("{'type':'object'}", valid("{}", "{'a':1, 'b':{}}"), "[]"),
                of(
                        LINKED,
                        valid("{'v':1,'next':null}", "{'v':1,'next':{'v':2,'next':null}}"),
                        "{'v':1}",
                        "{'v':1,'next':{}}"),
                of(
                        "{'anyOf':[{'type':'integer'},{'type':'integer','description':'again'},{'type':'null'}]}",
                        valid("1", "null"),
                        "'a'"),
                of(
                        "{'oneOf':[{'properties':{'t':{'const':'a'},'x':{'type':'integer'}},'required':['t','x'],'type':'object'},"
                                + "{'properties':{'t':{'enum':['b','c']}},'required':['t'],'type':'object'}]}",
                        valid("{'t':'a','x':1}", "{'t':'c'}"),
                        "{'t':'a'}",
                        "{'t':'d'}"),
                of("{'allOf':[{'$ref':'#/definitions/n'}],'definitions':{'n':{'type':'null'}}}", valid("null"), "1"),
                of(
                        "{'type':'object','properties':{'x':{'$ref':'#'}},'title':'t','default':{}}",
                        valid("{'x':{'x':{}}}"),
                        "{'x':1}"),
                of(
                        "{'type':'string','pattern':'^[a-c]{2,3}\\\\d+(x|yz)?$'}",
                        valid("'ab1'", "'abc22yz'"),
                        "'a1'",
                        "'abcd1'",
                        "'ab1y'",
                        "'ab'"),
                of("{'type':'string','pattern':'b+'}", valid("'b'", "'abc\\n'"), "'ac'", "''"),
                of(
                        "{'type':'string','pattern':'^(\\\\w|[^\\\\w])\\\\\\\\.$|^q'}",
                        valid("'a\\\\x'", "'\\n\\\\z'", "'qq'"),
                        "'a'"));
    }

    private static Arguments of(String schema, List<String> valid, String... invalid) {
        return Arguments.of(schema, valid, Arrays.asList(invalid));
    }

    private static List<String> valid(String... texts) {
        return List.of(texts);
    }
}
