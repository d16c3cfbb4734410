// Operators on numbers by their precedence. A dialect adds the tokens and the rule primary.
parser grammar Arithmetic;

sum     : product ((PLUS | MINUS) product)* ;
product : unary ((STAR | SLASH | PERCENT) unary)* ;
unary   : (PLUS | MINUS) unary | primary ;
