<?php
// config.xml as pfSense reads and writes it, after its rules; the judge of what frrgen writes.

const LISTS = ['config', 'row', 'package', 'vip', 'gateway_item', 'openvpn-server', 'openvpn-client'];
const CDATA = ['descr', 'password', 'username', 'text', 'state', 'detail'];

function read_config_xml(string $xml): mixed {
    $open = [['children' => [], 'text' => null]];
    $parser = xml_parser_create();
    xml_set_element_handler($parser,
        function ($parser, $name, $attributes) use (&$open) { $open[] = ['children' => [], 'text' => null]; },
        function ($parser, $name) use (&$open) {
            $done = array_pop($open);
            $value = $done['children'] ?: ($done['text'] ?? '');
            $name = strtolower($name);
            $parent = &$open[count($open) - 1]['children'];
            if (in_array($name, LISTS, true)) {
                $parent[$name][] = $value;
            } elseif (array_key_exists($name, $parent)) {
                throw new Exception("$name twice");
            } else {
                $parent[$name] = $value;
            }
        });
    xml_set_character_data_handler($parser, function ($parser, $data) use (&$open) {
        $data = trim($data, "\t\n\r");
        $text = &$open[count($open) - 1]['text'];
        if ($data !== '' && ($text !== null || trim($data, ' ') !== '')) { $text .= html_entity_decode($data); }
    });
    if (!xml_parse($parser, $xml, true)) { throw new Exception(xml_error_string(xml_get_error_code($parser))); }
    return $open[0]['children'];
}

function write_elements(array $elements, int $depth): string {
    $tabs = str_repeat("\t", $depth);
    $lines = '';
    foreach ($elements as $name => $value) {
        foreach (in_array($name, LISTS, true) ? $value : [$value] as $item) {
            if (is_array($item) && $item) {
                $lines .= "$tabs<$name>\n" . write_elements($item, $depth + 1) . "$tabs</$name>\n";
                continue;
            }
            $text = is_array($item) ? "" : htmlspecialchars($item);
            $wrapped = array_filter(CDATA, fn($start) => str_starts_with($name, $start)) && $text !== '';
            $lines .= "$tabs<$name>" . ($wrapped ? "<![CDATA[$text]]>" : $text) . "</$name>\n";
        }
    }
    return $lines;
}
