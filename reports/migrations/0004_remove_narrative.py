from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("reports", "0003_narrative_to_lines")]
    operations = [
        migrations.RemoveField(model_name="reportversion", name="narrative"),
        migrations.RemoveField(model_name="reportversion", name="narrative_row_version"),
    ]
